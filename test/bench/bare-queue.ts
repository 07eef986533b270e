import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../support/repository';

/** Milliseconds since the epoch with fractions, comparable between processes of one machine. */
export const preciseNowMs = (): number => performance.timeOrigin + performance.now();

/**
 * Bare BullMQ as its documentation shows it: `produce` adds jobs, so many at a time; a worker with an empty processor runs them.
 * Each is a process of its own, as a controller is. Parent and child talk in messages.
 */
const SOURCE = `
const [,, root, socket, role] = process.argv;
const { Queue, Worker } = require(root + '/node_modules/bullmq');
const Redis = require(root + '/node_modules/ioredis');
const connection = new Redis(socket, { maxRetriesPerRequest: null });
const nowMs = () => performance.timeOrigin + performance.now();
const name = 'bench-bare';
const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } });
let done = 0;
let startedMs = 0;
if (role === 'worker') {
  const blocking = connection.duplicate();
  new Worker(name, async () => { done++; startedMs = nowMs(); }, { connection: blocking, concurrency: 50 });
}
const answers = {
  produce: async ({ atOnce, seconds, payload }) => {
    const until = nowMs() + seconds * 1000;
    let count = 0;
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (nowMs() < until) { await queue.add('event', payload); count++; }
    }));
    return count;
  },
  add: async ({ payload }) => { await queue.add('event', payload); return nowMs(); },
  progress: async () => ({ done, startedMs }),
  redis: async ({ command }) => connection.call(...command),
  clear: async () => queue.obliterate({ force: true }),
};
process.on('message', ({ id, ask, ...rest }) => {
  answers[ask](rest).then((answer) => process.send({ id, answer }), (error) => process.send({ id, error: String(error) }));
});
connection.once('ready', () => process.send({ id: 0 }));
`;

/** One process of bare BullMQ. */
export class BareQueue {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  #sequence = 0;

  private constructor(socketPath: string, role: 'producer' | 'worker') {
    this.#directory = mkdtempSync(join(tmpdir(), 'easyfaas-bench-'));
    const file = join(this.#directory, 'bare.cjs');
    writeFileSync(file, SOURCE);
    this.#child = fork(file, [repositoryRoot, socketPath, role], { env: { PATH: process.env['PATH'], NODE_ENV: 'production' } });
    this.#child.on('message', ({ id, answer, error }: { id: number; answer?: never; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(answer as never);
      else waiting?.reject(new Error(error));
    });
  }

  static async start(socketPath: string, role: 'producer' | 'worker'): Promise<BareQueue> {
    const queue = new BareQueue(socketPath, role);
    await new Promise<never>((resolve, reject) => queue.#waiting.set(0, { resolve, reject }));
    return queue;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  ask<T>(ask: string, rest: object = {}): Promise<T> {
    const id = ++this.#sequence;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, ask, ...rest });
    });
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
    rmSync(this.#directory, { recursive: true });
  }
}
