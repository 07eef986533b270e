// Gets the scheduler's event, or the trigger's Input.
exports.handler = async (event) => {
  console.log(`the report of ${event.time ?? 'now'}`);
  return { reported: event };
};
