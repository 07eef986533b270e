'use strict';
// Notices that the kernel ended a process which a handler had started, for want of memory: the handler sees no more than a dead child.
const diagnostics = require('node:diagnostics_channel');
const { readFileSync } = require('node:fs');

const FILES = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control']; // of control groups version 2 and 1

/** Processes of this container that were ended so far; 0 where nobody counts them. */
function countKills() {
  for (const file of FILES) {
    try {
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'latin1'))?.[1] ?? 0);
    } catch {
      continue; // the other version, or none
    }
  }
  return 0;
}

let known = countKills();
let hasChildren = false;
diagnostics.subscribe('child_process', () => (hasChildren = true));

/** Whether there were any since this was asked last. Looks only where there may have been: a call failed, or has had children. */
exports.hasNewKills = function hasNewKills(isFailure) {
  if (!isFailure && !hasChildren) return false;
  const before = known;
  known = countKills();
  return known > before;
};
