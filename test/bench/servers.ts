import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../support/repository';
import { eventually } from '../support/eventually';

export interface BenchServer {
  url: string;
  pid: number;
  stop: () => Promise<void>;
}

/** No engine at all: the ceiling that ratios are taken against. Reads the body, as the engine has to. */
const BARE = `
require('node:http').createServer((request, response) => {
  request.on('data', () => {}).on('end', () => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end('"hello"');
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

/** Answers with what it was sent. */
const ECHO = `
require('node:http').createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(Buffer.concat(chunks));
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

/** A peer that npm can install: one process, no isolation, no authentication. */
const FRAMEWORK = `exports.hello = (request, response) => response.json('hello');`;

export async function bareServer(): Promise<BenchServer> {
  const port = await freePort();
  return start(port, BARE, 'server.cjs', (file) => [file, String(port)]);
}

export async function echoServer(): Promise<BenchServer> {
  const port = await freePort();
  return start(port, ECHO, 'server.cjs', (file) => [file, String(port)]);
}

export async function functionsFramework(): Promise<BenchServer> {
  const port = await freePort();
  const cli = join(repositoryRoot, 'node_modules/.bin/functions-framework');
  return start(port, FRAMEWORK, 'index.js', (file) => [cli, '--target=hello', `--source=${file}`, `--port=${port}`]);
}

/** Answers frames of length, id and JSON with the same id and `"hello"`. */
const FRAMED_WORKER = `
const handler = async () => 'hello';
process.on('disconnect', () => process.exit());
require('node:net').createServer((socket) => {
  let rest = Buffer.alloc(0);
  let answers = [];
  const flush = () => socket.write(Buffer.concat(answers.splice(0)));
  socket.on('data', (data) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32LE(0)) {
      const [length, id] = [rest.readUInt32LE(0), rest.readUInt32LE(4)];
      const event = JSON.parse(rest.toString('utf8', 8, 8 + length));
      rest = rest.subarray(8 + length);
      handler(event).then((result) => {
        const body = JSON.stringify(result);
        const frame = Buffer.allocUnsafe(8 + body.length);
        frame.writeUInt32LE(body.length, 0);
        frame.writeUInt32LE(id, 4);
        frame.write(body, 8, 'latin1');
        if (answers.push(frame) === 1) setImmediate(flush);
      });
    }
  });
}).listen(process.argv[2], () => process.send('listening'));
`;

/** Hands each request's body to the worker in a frame and answers with what comes back. */
const FRAMED_FRONT = `
const socketPath = process.argv[1] + '.sock';
const worker = require('node:child_process').fork(__dirname + '/worker.cjs', [socketPath]);
worker.once('message', () => {
  const socket = require('node:net').connect(socketPath);
  const waiting = [];
  const free = [];
  let rest = Buffer.alloc(0);
  let frames = [];
  const flush = () => socket.write(Buffer.concat(frames.splice(0)));
  socket.on('data', (data) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32LE(0)) {
      const [length, id] = [rest.readUInt32LE(0), rest.readUInt32LE(4)];
      const response = waiting[id];
      free.push(id);
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(rest.toString('latin1', 8, 8 + length));
      rest = rest.subarray(8 + length);
    }
  });
  require('node:http').createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
      const body = Buffer.concat(chunks);
      const id = free.pop() ?? waiting.length;
      waiting[id] = response;
      const frame = Buffer.allocUnsafe(8 + body.length);
      frame.writeUInt32LE(body.length, 0);
      frame.writeUInt32LE(id, 4);
      body.copy(frame, 8);
      if (frames.push(frame) === 1) process.nextTick(flush);
    });
  }).listen(Number(process.argv[2]), '127.0.0.1');
});
`;

/** The path of a call without an engine on it: what one more process costs. */
export async function framedServer(): Promise<BenchServer> {
  const port = await freePort();
  return start(port, FRAMED_FRONT, 'front.cjs', (file) => {
    writeFileSync(join(dirname(file), 'worker.cjs'), FRAMED_WORKER);
    return [file, String(port)];
  });
}

async function start(port: number, source: string, name: string, args: (file: string) => string[]): Promise<BenchServer> {
  const directory = mkdtempSync(join(tmpdir(), 'easyfaas-bench-'));
  const file = join(directory, name);
  writeFileSync(file, source);
  const child = spawn(process.execPath, args(file), { stdio: 'ignore', env: { PATH: process.env['PATH'], NODE_ENV: 'production' } });
  const url = `http://127.0.0.1:${port}/`;
  await eventually(() => fetch(url, { method: 'POST', body: '{}' }), 15_000);
  return { url, pid: child.pid ?? 0, stop: () => end(child, directory) };
}

async function end(child: ChildProcess, directory: string): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  rmSync(directory, { recursive: true });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
