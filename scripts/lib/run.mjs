// Runs a command quietly: its output goes to the log, its last lines into the failure.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from './terminal.mjs';

const TAIL_LINES = 12;

/**
 * @param {string} command @param {string[]} args
 * @param {{log?: {write: Function}, env?: object, cwd?: string, timeoutMs?: number, firstLineMs?: number, mayFail?: boolean, remedy?: string, onLine?: (line: string) => void}} [options]
 *   timeoutMs: for the whole; firstLineMs: for the first output; after either the command is killed. mayFail: a non-zero exit is a result, not a Failure
 * @returns {Promise<{code: number | null, stdout: string, stderr: string, timedOut: boolean}>}
 */
export function run(command, args, options = {}) {
  const { log, env = {}, cwd, timeoutMs = 0, firstLineMs = 0, mayFail = false, remedy, onLine } = options;
  const line = [command, ...args].join(' ');
  log?.write(`\n$ ${line}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    let timedOut = false;
    const killAfter = (ms) => {
      if (!ms) return undefined;
      return setTimeout(() => {
        timedOut = true;
        child.kill('SIGKILL');
      }, ms);
    };
    const timer = killAfter(timeoutMs);
    const silence = killAfter(firstLineMs);
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text) => {
        clearTimeout(silence);
        output[name] += text;
        log?.write(text);
        if (onLine) for (const part of text.split('\n')) if (part.trim()) onLine(part.trim());
      });
    }
    child.on('error', (error) => {
      clearTimeout(timer);
      clearTimeout(silence);
      if (mayFail) resolve({ code: 127, ...output, stderr: error.message, timedOut });
      else reject(new Failure(`Cannot run \`${command}\`.`, { why: error.message, remedy, cause: error }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(silence);
      if (code === 0 || mayFail) return resolve({ code, ...output, timedOut });
      const how = timedOut
        ? `did not end within ${timeoutMs / 1000} s`
        : code === null
          ? `was ended by ${signal}`
          : `ended with status ${code}`;
      const tail = plain(`${output.stdout}\n${output.stderr}`).trim().split('\n').slice(-TAIL_LINES).join('\n');
      reject(new Failure(`\`${shorten(line)}\` ${how}.`, { why: tail || 'It printed nothing.', remedy }));
    });
  });
}

/** Absolute path of an executable on PATH (system folders included), or undefined. */
export function findCommand(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Asks again every `everyMs` until `check` gives something truthy; undefined when the time is over. */
export async function until(check, { withinMs, everyMs = 250 }) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > deadline) return undefined;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

const shorten = (line) => (line.length > 120 ? `${line.slice(0, 117)}...` : line);

/** Without colours and other terminal controls. */
const plain = (text) => text.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, '').replaceAll('\r', '');
