import { chmodSync, type FSWatcher, linkSync, readdirSync, rmSync, watch } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';

/** One start of a handler. */
export interface LedgerEntry {
  id: string;
  /** Of the runtime process; another one for each container. */
  process: string;
  atMs: number;
}

const NAME = 'ledger.sock';

/**
 * Where handlers write down that they run, before they do anything else. It is a socket of the test process, linked into the
 * socket directory of each container: it outlives every service that a test kills, and the product needs no door for it.
 */
export class Ledger {
  readonly entries: LedgerEntry[] = [];
  readonly #server: Server;
  readonly #watcher: FSWatcher;
  readonly #folder: string;
  readonly #socketPath: string;

  private constructor(server: Server, dataDirectory: string) {
    this.#server = server;
    this.#folder = join(dataDirectory, 'containers');
    this.#socketPath = join(dataDirectory, NAME);
    this.#watcher = watch(this.#folder, () => this.#linkAll());
    this.#linkAll();
  }

  static async open(dataDirectory: string): Promise<Ledger> {
    const server = createServer((socket) => {
      socket.setEncoding('utf8').on('error', () => socket.destroy());
      socket.on('data', (text) => {
        for (const line of String(text).split('\n').filter(Boolean)) {
          const [id = '', process = ''] = line.split(' ');
          ledger.entries.push({ id, process, atMs: Date.now() });
        }
        socket.end('ok');
      });
    });
    const path = join(dataDirectory, NAME);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
    chmodSync(path, 0o666);
    const ledger = new Ledger(server, dataDirectory);
    return ledger;
  }

  get ids(): string[] {
    return this.entries.map(({ id }) => id);
  }

  async close(): Promise<void> {
    this.#watcher.close();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#socketPath, { force: true });
  }

  #linkAll(): void {
    for (const name of readdirSync(this.#folder)) {
      try {
        linkSync(this.#socketPath, join(this.#folder, name, 'sock', NAME));
      } catch (error) {
        // Linked before, or the container is being made or removed just now.
        if (!['EEXIST', 'ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    }
  }
}

/** A handler that writes `event.id` into the ledger, waits `event.ms` and answers with the id. */
export const LEDGER_HANDLER = `
const net = require('net');
const process_ = Math.random().toString(36).slice(2);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const write = (line) => new Promise((resolve, reject) => {
  const socket = net.connect('/run/easyfaas/ledger.sock', () => socket.write(line));
  socket.on('error', reject).on('data', () => { socket.destroy(); resolve(); });
});
exports.handler = async (event) => {
  for (let turn = 0; ; turn++) {
    try { await write(event.id + ' ' + process_ + '\\n'); break; } catch (error) { if (turn === 100) throw error; }
    await sleep(20);
  }
  if (event.ms > 0) await sleep(event.ms);
  return event.id;
};
`;
