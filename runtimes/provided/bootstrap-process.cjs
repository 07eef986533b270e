'use strict';
// The user's process: started at INIT, its output read, its figures taken, its end passed on.
const { constants, accessSync, readFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const { join } = require('node:path');
const { Failure } = require('./bootstrap-errors.cjs');

const LAYER_BOOTSTRAP = '/opt/bootstrap';
const DRAIN_MS = 100; // output that is still in the pipes when the process has ended is read for this long at most
const TICK_MS = 10; // of /proc/<pid>/stat: USER_HZ is 100 on every Linux

/** @throws Failure Runtime.InvalidEntrypoint */
function findBootstrap(taskRoot) {
  const own = join(taskRoot, 'bootstrap');
  for (const path of [own, LAYER_BOOTSTRAP]) {
    try {
      accessSync(path, constants.F_OK);
    } catch {
      continue;
    }
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch (cause) {
      throw new Failure('Runtime.InvalidEntrypoint', `${path} is not executable: pack it with mode 0755 (chmod +x).`, cause);
    }
  }
  throw new Failure('Runtime.InvalidEntrypoint', 'The package has no file "bootstrap" at its top, and no layer has one either.');
}

const START_ERRORS = {
  ENOENT: 'the interpreter in its first line, or a loader it needs, is not in the image (a line that ends in CR LF looks like this, too)',
  EACCES: 'the interpreter in its first line cannot be executed',
};

/**
 * @param {{ onOutput(fd: 1 | 2, chunk: Buffer): void, onEnded(code: number | null, signal: string | null): void, onStartFailed(error: Failure): void }} events
 * @returns {number | undefined} its process id
 * @throws Failure when there is nothing to start
 */
function startBootstrap({ taskRoot, env }, events) {
  const path = findBootstrap(taskRoot);
  let hasEnded = false;
  const ended = (code, signal) => {
    if (hasEnded) return;
    hasEnded = true;
    events.onEnded(code, signal);
  };
  const failed = (error) =>
    events.onStartFailed(
      new Failure('Runtime.InvalidEntrypoint', `${path} cannot be started: ${START_ERRORS[error.code] ?? error.message}.`),
    );
  let child;
  try {
    // In the group of this process: KILL ends both.
    child = spawn(path, [], { cwd: taskRoot, env, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    return void failed(error);
  }
  child.stdout.on('data', (chunk) => events.onOutput(1, chunk));
  child.stderr.on('data', (chunk) => events.onOutput(2, chunk));
  child.on('error', (error) => child.pid === undefined && failed(error));
  // 'close' comes after all output; but a child that was left behind may hold the pipes open for ever.
  child.on('exit', (code, signal) => setTimeout(ended, DRAIN_MS, code, signal));
  child.on('close', (code, signal) => child.pid !== undefined && ended(code, signal));
  return child.pid;
}

/** Processor time of a process and its ended children so far, ms, and its peak resident memory, KiB; undefined when it is gone. */
function usageOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from the third on: the second, its name, may hold anything
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return { cpuMs: ticks * TICK_MS, maxRssKb: Number(peak ?? 0) };
  } catch {
    return undefined;
  }
}

/** Ends this process as the user's ended, so that the runner tells the same of it. */
function endAs(code, signal) {
  if (signal === null) process.reallyExit(code ?? 1);
  process.kill(process.pid, signal);
  setTimeout(() => process.reallyExit(1), 1000); // a signal that Node.js ignores
}

module.exports = { endAs, startBootstrap, usageOf };
