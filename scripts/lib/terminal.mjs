// What people see: one line per step, written before the step starts and completed when it has ended.
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A failure that a person can act on: what failed, why as far as known, and what to do. */
export class Failure extends Error {
  constructor(what, { why, remedy, cause } = {}) {
    super(what, { cause });
    this.why = why;
    this.remedy = remedy;
  }
}

/** Opens (and empties) the log that takes the output of every command. */
export function openLog(path) {
  const descriptor = openForWriting(path);
  return {
    path,
    write: (text) => writeSync(descriptor, text),
    tail: (lines) => readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    close: () => closeSync(descriptor),
  };
}

function openForWriting(path) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'w');
  } catch (cause) {
    const folder = dirname(path);
    throw new Failure(`Cannot write ${path}.`, {
      why: cause.message,
      remedy: `sudo chown -R "$USER" ${folder} (a former run as root made it), and run this again.`,
      cause,
    });
  }
}

const seconds = (sinceMs) => {
  const passed = (performance.now() - sinceMs) / 1000;
  return passed < 1 ? '' : passed < 10 ? `${passed.toFixed(1)} s` : `${Math.round(passed)} s`;
};

/**
 * @param {{stream?: NodeJS.WriteStream}} options stream: where to print (stderr when stdout carries JSON)
 */
export function createTerminal({ stream = process.stdout } = {}) {
  const isLive = Boolean(stream.isTTY) && !process.env.CI && process.env.TERM !== 'dumb';
  const paint = (code, text) => (isLive && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text);
  const print = (line = '') => stream.write(`${line}\n`);
  const width = () => stream.columns || 100;

  /**
   * Runs one step. `work` gets `{say, show, note}`: `say(text)` tells what it is at now, `show(text)` gives detail on a live
   * terminal only, `note(text)` replaces the result shown at the end.
   * @template T @param {string} title @param {(step: {say: Function, show: Function, note: Function}) => Promise<T> | T} work @returns {Promise<T>}
   */
  async function step(title, work) {
    const startedAt = performance.now();
    let doing = '';
    let detail = '';
    let result = title;
    let timer;
    const draw = () => {
      const frame = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'[Math.floor(performance.now() / 100) % 10];
      const text = `${title}${doing ? `: ${doing}` : ''}  ${seconds(startedAt)}  ${detail}`;
      stream.write(`\r\x1b[2K  ${paint(36, frame)} ${text.slice(0, width() - 6)}`);
    };
    const end = (mark, text) => {
      clearInterval(timer);
      const took = seconds(startedAt);
      if (isLive) stream.write('\r\x1b[2K');
      print(`  ${mark} ${text}${took ? paint(2, `  ${took}`) : ''}`);
    };
    if (isLive) {
      draw();
      timer = setInterval(draw, 100);
    }
    try {
      const value = await work({
        say: (text) => {
          doing = text;
          detail = '';
          if (!isLive) print(`  … ${title}: ${text}`);
        },
        show: (text) => {
          if (isLive) detail = text;
        },
        note: (text) => {
          result = text;
        },
      });
      end(paint(32, '✓'), result);
      return value;
    } catch (error) {
      end(paint(31, '✗'), `${title}${doing ? `: ${doing}` : ''}`);
      throw error;
    }
  }

  /** Prints why it ended and what to do. */
  function fail(error, log) {
    print();
    if (error instanceof Failure) {
      print(paint(31, error.message));
      if (error.why) print(`Cause:  ${indent(error.why)}`);
      if (error.remedy) print(`Remedy: ${indent(error.remedy)}`);
    } else {
      print(paint(31, `Unexpected failure: ${error.stack ?? error}`));
    }
    if (log) print(`Log:    ${log.path}`);
  }

  return {
    step,
    print,
    fail,
    bold: (text) => paint(1, text),
    dim: (text) => paint(2, text),
    red: (text) => paint(31, text),
    green: (text) => paint(32, text),
  };
}

const indent = (text) => text.trim().split('\n').join('\n        ');
