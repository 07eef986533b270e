// Gets one event in the JSON format of CloudEvents.
exports.handler = async (event) => {
  console.log(`${event.type} of ${event.source}`);
  return { seen: event };
};
