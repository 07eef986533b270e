// The smallest useful function: it gets the event (the parsed JSON body of the call) and facts about the call.
exports.handler = async (event, context) => {
  const name = event?.name ?? 'world';
  console.log(`greeting ${name}`);
  return { message: `Hello, ${name}!`, requestId: context.awsRequestId, node: process.version };
};
