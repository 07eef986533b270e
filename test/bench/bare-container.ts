import { request } from 'node:http';
import { docker, poolContainers } from '../support/stack';

const ENGINE_SOCKET = '/var/run/docker.sock';
/** Says so as soon as Node runs, as the runner does by dialling out. Docker passes on whole lines only. */
const PROGRAM = `require('node:fs').writeSync(1, 'up\\n');setInterval(() => {}, 1e6);`;

/**
 * Milliseconds of the same Docker calls made bare: create with the settings of a container of the pool and start, until Node inside
 * has said a word.
 */
export async function timeBareStart(): Promise<number> {
  const body = await bareOptions();
  const startedAt = performance.now();
  const { Id } = JSON.parse(await engine('POST', '/containers/create', body)) as { Id: string };
  try {
    await engine('POST', `/containers/${Id}/start`);
    await engine('GET', `/containers/${Id}/logs?follow=1&stdout=1`, undefined, 'first bytes');
    return performance.now() - startedAt;
  } finally {
    await engine('DELETE', `/containers/${Id}?force=1&v=1`);
  }
}

async function bareOptions(): Promise<object> {
  const dockerId = (await poolContainers()).find(({ runtime, dockerId: id }) => runtime === 'nodejs20' && id !== undefined)?.dockerId;
  const image = `easyfaas/runtime-nodejs20:${process.env['EASYFAAS_IMAGE_TAG'] ?? 'latest'}`;
  const labels = { 'easyfaas.test-run': 'bench' };
  const program = {
    Image: image,
    Entrypoint: ['node', '-e', PROGRAM],
    Cmd: [],
    Labels: labels,
    NetworkDisabled: true,
    User: '10001:10001',
  };
  // Where the pool is empty there is no container to copy from: the settings that cost time are these.
  if (dockerId === undefined) {
    const HostConfig = {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      Init: true,
      Memory: 128 << 20,
      MemorySwap: 128 << 20,
      Tmpfs: { '/tmp': '' },
    };
    return { ...program, HostConfig };
  }
  const [inspected] = JSON.parse(await docker('inspect', dockerId)) as [{ HostConfig: Record<string, unknown> }];
  const { Mounts, Binds, ...HostConfig } = inspected.HostConfig;
  void [Mounts, Binds];
  return { ...program, HostConfig };
}

/** One call of the Engine API. @param until `first bytes`: of the answer's body, the rest is not waited for */
function engine(method: string, path: string, body?: object, until: 'end' | 'first bytes' = 'end'): Promise<string> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
    const outgoing = request({ socketPath: ENGINE_SOCKET, method, path, headers }, (response) => {
      let answer = '';
      response.on('data', (chunk: Buffer) => {
        answer += chunk.toString();
        if (until === 'first bytes') {
          resolve(answer);
          outgoing.destroy();
        }
      });
      response.on('end', () => {
        if ((response.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${response.statusCode ?? 0} ${answer}`));
        else resolve(answer);
      });
    });
    // After the first bytes the rest is cut off on purpose.
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}
