// Gets a delivery as a request; its signature has been checked.
exports.handler = async (event) => {
  const kind = event.headers?.['x-github-event'] ?? 'none';
  console.log(`GitHub says ${kind}`);
  return { kind, body: event.body ?? event };
};
