// Gets one message with its topic.
exports.handler = async ({ topic, payload, ...rest }) => {
  console.log(`${topic}: ${JSON.stringify(payload)}`);
  return { topic, payload, ...rest };
};
