'use strict';
// Makes the pre-started process the function's own: environment, working directory, heap.
const { restoreFlags } = require('./bootstrap-flags.cjs');

/**
 * How far garbage may grow beyond what is alive, percent. The process was started with a heap limit above every container's, so V8
 * would let it pile up until the kernel kills; V8 reads this flag at each collection (docs/adr/0003).
 */
const growingPercent = (memoryMb) => (memoryMb < 512 ? 20 : memoryMb < 1024 ? 30 : 40);

/** @param header of INIT; with memoryMb 0, in the rehearsal, the heap stays as it is */
function adoptFunction(header) {
  adoptLimits(header);
  process.chdir(header.taskRoot);
}

/** What UPDATE changes, too. */
function adoptLimits({ env, memoryMb }) {
  const own = process.env;
  for (const name in env) if (own[name] !== env[name]) own[name] = env[name]; // a changed TZ has V8 look for the time zone anew
  if (memoryMb !== 0) restoreFlags(`--heap-growing-percent=${growingPercent(memoryMb)}`);
}

module.exports = { adoptFunction, adoptLimits };
