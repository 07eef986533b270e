import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Answers HTTP with `outside`, and every question for a name with its own address. */
const PROGRAM = `
const [address, port] = process.argv.slice(1);
require('node:http').createServer((_, response) => response.end('outside')).listen(Number(port), address);
require('node:http').createServer((_, response) => response.end('closed')).listen(Number(port) + 1, address);
const dns = require('node:dgram').createSocket('udp4');
dns.on('message', (query, from) => {
  let end = 12;
  while (query[end] !== 0) end += query[end] + 1;
  const isA = query.readUInt16BE(end + 1) === 1;
  const head = Buffer.from(query.subarray(0, end + 5));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isA ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]);
  dns.send(isA ? Buffer.concat([head, record]) : head, from.port, from.address);
});
dns.bind(53, address, () => console.log('up'));`;

/**
 * A machine outside of this one, as far as packets can tell: a network name space behind a pair of devices, with a web
 * server and a name server. Needs root and iproute2.
 */
export class OutsideServer {
  readonly address: string;
  readonly port: number;
  readonly #name = `ef-${randomBytes(4).toString('hex')}`;
  #server: ChildProcess | undefined;

  constructor(address: string, port: number) {
    this.address = address;
    this.port = port;
  }

  async start(): Promise<void> {
    const [inside, outside] = [`${this.#name}i`, `${this.#name}o`];
    const gateway = this.address.replace(/\d+$/, (last) => String(Number(last) - 1));
    await run('ip', ['netns', 'add', this.#name]);
    await run('ip', ['link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', this.#name]);
    await run('ip', ['addr', 'add', `${gateway}/30`, 'dev', outside]);
    await run('ip', ['link', 'set', outside, 'up']);
    await run('ip', ['-n', this.#name, 'addr', 'add', `${this.address}/30`, 'dev', inside]);
    await run('ip', ['-n', this.#name, 'link', 'set', inside, 'up']);
    await run('ip', ['-n', this.#name, 'route', 'add', 'default', 'via', gateway]);
    const args = ['netns', 'exec', this.#name, process.execPath, '-e', PROGRAM, this.address, String(this.port)];
    const server = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.stdout.once('data', () => resolve());
      server.once('exit', (code) => reject(new Error(`the server outside ended with ${code}`)));
    });
  }

  /** Ends the server; its name space takes the devices along. */
  stop(): void {
    this.#server?.kill('SIGKILL');
    execFileSync('ip', ['netns', 'del', this.#name]);
  }
}
