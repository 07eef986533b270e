'use strict';
// The flags of runtime.json have set the size of the heap when this is run. V8 takes the compiled code of Node's own modules only while its flags are
// those of the process that made it, which had none: with them at their defaults modules load three times as fast, until INIT sets them anew,
// for workers that a handler may start.
const { setFlagsFromString } = require('node:v8');

const flags = process.execArgv.filter((flag) => flag.includes('space-size='));
for (const flag of flags) setFlagsFromString(`${flag.split('=')[0]}=0`);

/** @param {string} flag set with those of runtime.json, in one call: each costs as much as all */
exports.restoreFlags = function restoreFlags(flag) {
  setFlagsFromString([...flags.splice(0), flag].join(' '));
};
