import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
