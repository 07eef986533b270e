import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { parseEnd, type ProcessEnd } from './process-end';

/** Descriptors that the launcher leaves to us: what the process prints, and its errors. */
const OUTPUT_FD = 3;
const ERRORS_FD = 4;

/**
 * The process that the launcher started before it became this one. It is our child, but node:child_process knows nothing of it and so
 * never collects it: when it has ended it stays in /proc with its status until we end, and its id is not given to another.
 * Emits `exit` and `close` as a `ChildProcess` does.
 */
export class StartedProcess extends EventEmitter {
  readonly pid: number;
  readonly stdout = new Socket({ fd: OUTPUT_FD, writable: false });
  readonly stderr = new Socket({ fd: ERRORS_FD, writable: false });
  #end: ProcessEnd | undefined;
  #open = 2;

  constructor(pid: number) {
    super();
    this.pid = pid;
    for (const stream of [this.stdout, this.stderr]) {
      stream.on('error', () => stream.destroy()); // 'close' follows: what it had to say cannot be had
      stream.on('close', () => this.#onClose());
    }
    process.on('SIGCHLD', this.#look);
    setImmediate(this.#look); // it may have ended before we listened
  }

  readonly #look = (): void => {
    if (this.#end !== undefined) return;
    this.#end = parseEnd(readFileSync(`/proc/${this.pid}/stat`, 'latin1'));
    if (this.#end === undefined) return;
    process.off('SIGCHLD', this.#look);
    this.emit('exit', this.#end.code, this.#end.signal);
    if (this.#open === 0) this.emit('close', this.#end.code, this.#end.signal);
  };

  #onClose(): void {
    this.#open -= 1;
    if (this.#open === 0 && this.#end !== undefined) this.emit('close', this.#end.code, this.#end.signal);
  }
}
