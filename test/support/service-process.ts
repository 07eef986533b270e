import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A service that runs as a process of this test. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #logPath: string;
  readonly ended: Promise<Ending>;
  #ending: Ending | undefined;

  constructor(command: string, args: readonly string[], options: { env: NodeJS.ProcessEnv; cwd: string; logPath: string }) {
    const log = openSync(options.logPath, 'a');
    this.#logPath = options.logPath;
    this.#child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', (code, signal) => resolve((this.#ending = { code, signal })));
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process did not start');
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#ending === undefined;
  }

  /** All that it and its predecessors wrote. */
  get log(): string {
    return readFileSync(this.#logPath, 'utf8');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGKILL, and it is gone. */
  async kill(): Promise<void> {
    if (this.isRunning) this.signal('SIGKILL');
    await this.ended;
  }

  /** SIGTERM, and SIGKILL when that does not help. */
  async stop(graceMs = 15_000): Promise<Ending> {
    if (this.isRunning) this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    const ending = await this.ended;
    clearTimeout(timer);
    return ending;
  }
}
