// A Redis of its own for the integration tests: a unix socket in a temporary folder, no port, nothing kept.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REDIS_IMAGE, imageId } from './base-images.mjs';
import { findCommand, run, until } from './run.mjs';
import { Failure } from './terminal.mjs';

/**
 * Takes this machine's redis-server, else the Redis image.
 * @returns {Promise<{url: string, stop: () => Promise<void>}>}
 */
export async function startPrivateRedis({ log, runId }) {
  const folder = mkdtempSync(join(tmpdir(), 'easyfaas-redis-'));
  const socket = join(folder, 'redis.sock');
  const settings = ['--port', '0', '--unixsocket', socket, '--unixsocketperm', '777', '--save', '', '--appendonly', 'no', '--dir', folder];
  let server;
  const stop = async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    server = findCommand('redis-server') ? startProcess(settings) : await startContainer({ settings, folder, log, runId });
  } catch (error) {
    await stop();
    throw error;
  }
  const isUp = await until(() => server.isReady(socket), { withinMs: 20_000, everyMs: 100 });
  if (!isUp) {
    await stop();
    throw new Failure('Redis for the integration tests did not start.', {
      why: server.words(),
      remedy: 'apt-get install redis-server, or see the log.',
    });
  }
  return { url: `unix://${socket}`, stop };
}

function startProcess(settings) {
  let output = '';
  const child = spawn(findCommand('redis-server'), settings, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.on('close', resolve).on('error', resolve));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output = `${output}${text}`.slice(-4000)));
  return {
    isReady: () => output.includes('ready to accept connections') || output.includes('Ready to accept connections'),
    words: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function startContainer({ settings, folder, log, runId }) {
  if (!(await imageId(REDIS_IMAGE, log)))
    throw new Failure('Redis is missing.', {
      why: `Neither redis-server nor the image ${REDIS_IMAGE} is here.`,
      remedy: 'apt-get install redis-server',
    });
  // Whatever user the image's Redis has.
  chmodSync(folder, 0o777);
  const args = [
    'run',
    '-d',
    '--network',
    'none',
    '--label',
    `easyfaas.test-run=${runId}`,
    '-v',
    `${folder}:${folder}`,
    '--entrypoint',
    'redis-server',
    '--user',
    'redis',
  ];
  const { stdout } = await run('docker', [...args, REDIS_IMAGE, ...settings], { log });
  const id = stdout.trim();
  return {
    isReady: async (socket) => (await run('docker', ['exec', id, 'redis-cli', '-s', socket, 'ping'], { mayFail: true })).code === 0,
    words: () => `docker logs ${id}`,
    stop: () => run('docker', ['rm', '-f', '-v', id], { log, mayFail: true }),
  };
}
