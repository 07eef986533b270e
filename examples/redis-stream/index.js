// Gets a batch, and says which messages it did not get done: those come again.
exports.handler = async (event) => {
  const batchItemFailures = [];
  for (const { messageId, body } of event.Records ?? []) {
    if (typeof body?.price !== 'number') batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures, name: event.name };
};
