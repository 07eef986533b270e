'use strict';
// A handler that every runtime process loads and runs once before it is attached: the first real call then finds the
// loader, the formatter and the bootstrap itself compiled.
exports.handler = async (event, context) => {
  console.log('rehearsal %s %d', context.requestId, context.getRemainingTimeInMillis());
  return event;
};
