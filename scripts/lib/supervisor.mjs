// Keeps programs running: starts them in order, each again when it ends, and stops them in the reverse order.
import { spawn } from 'node:child_process';

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;
/** Who has run for so long was well: the next delay is the first one again. */
const WELL_AFTER_MS = 60_000;

/** How long to wait before a program is started again that has ended so many times in a row soon after its start. */
export const restartDelayMs = (endedInARow) => Math.min(FIRST_DELAY_MS * 2 ** (endedInARow - 1), LONGEST_DELAY_MS);

/**
 * @typedef {{name: string, command: string, args: string[], env: Record<string, string | undefined>, graceMs: number}} Program
 *   graceMs: from SIGTERM to SIGKILL
 */
export class Supervisor {
  #programs;
  #options;
  #states = new Map();
  #isStopping = false;

  /**
   * @param {Program[]} programs in the order of their start
   * @param {{cwd: string, tell: (message: string, fields: object) => void, outputOf?: (name: string) => number | 'inherit', isOneTime?: boolean}} options
   *   outputOf: where a program writes (this process's own output). isOneTime: what ends is not started again
   */
  constructor(programs, options) {
    this.#programs = programs;
    this.#options = options;
  }

  start() {
    for (const program of this.#programs) {
      this.#states.set(program.name, { endedInARow: 0 });
      this.#spawn(program);
    }
  }

  /** Process ids by name, of those that run. */
  get pids() {
    return Object.fromEntries([...this.#states].flatMap(([name, { child }]) => (child?.pid === undefined ? [] : [[name, child.pid]])));
  }

  /** The first that has ended and is not started again, or undefined. */
  get ended() {
    return this.#programs.find(({ name }) => this.#options.isOneTime && this.#states.get(name).child === undefined)?.name;
  }

  /** Ends all, the last one first; resolves when none runs. */
  async stop() {
    this.#isStopping = true;
    for (const { timer } of this.#states.values()) clearTimeout(timer);
    for (const { name, graceMs } of [...this.#programs].reverse()) {
      const state = this.#states.get(name);
      if (state?.child === undefined) continue;
      state.child.kill('SIGTERM');
      const timer = setTimeout(() => {
        this.#options.tell('does not end, killed', { program: name, graceMs });
        state.child?.kill('SIGKILL');
      }, graceMs);
      await state.exited;
      clearTimeout(timer);
    }
  }

  #spawn(program) {
    const { name, command, args, env } = program;
    const { cwd, outputOf = () => 'inherit', tell, isOneTime = false } = this.#options;
    const state = this.#states.get(name);
    const startedAt = performance.now();
    const output = outputOf(name);
    // A process group of its own: Ctrl-C is for this process, which ends the others in their order.
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', output, output], detached: true });
    state.child = child;
    state.exited = new Promise((resolve) => {
      const end = (how) => {
        if (state.child !== child) return;
        state.child = undefined;
        resolve();
        if (this.#isStopping || isOneTime) return;
        state.endedInARow = performance.now() - startedAt > WELL_AFTER_MS ? 1 : state.endedInARow + 1;
        const againInMs = restartDelayMs(state.endedInARow);
        tell('ended, is started again', { program: name, ...how, againInMs });
        state.timer = setTimeout(() => this.#spawn(program), againInMs);
      };
      child.once('error', (error) => end({ error: error.message }));
      child.once('exit', (code, signal) => end({ code, signal }));
    });
  }
}

/** One line of JSON on standard output, in the form of the services' own. */
function tell(message, fields) {
  const line = { level: 'warn', message, service: 'supervisor', ...fields, timestamp: new Date().toISOString() };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Runs the programs until SIGTERM or SIGINT, and then until all have ended. @param {Program[]} programs */
export async function superviseUntilSignal(programs, { cwd }) {
  const supervisor = new Supervisor(programs, { cwd, tell });
  const stopped = new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, resolve);
  });
  supervisor.start();
  await stopped;
  await supervisor.stop();
}
