import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@easyfaas/service-kit';
import { DockerEngine } from '../src/engine/docker-engine';
import { EngineError } from '../src/engine/engine-error';
import { describeEngineContract } from '../src/engine/testing/engine-contract';
import { TEST_RUN, describeWithDocker, docker, localImage, makeStayingImage, removeLeftovers, testImage } from './support/docker';

const SLOW_MS = 60_000;
jest.setTimeout(SLOW_MS);

const IMAGE = testImage('engine-test');

const open = (socketPath: string, callTimeoutMs = 30_000): DockerEngine =>
  new DockerEngine({ socketPath, clock: systemClock, logger: silentLogger(), callTimeoutMs });

describeWithDocker('Docker', () => {
  describeEngineContract('Docker', async () => {
    const base = localImage('easyfaas/runtime-nodejs20', 'node');
    if (base === undefined) throw new Error('There is no image easyfaas/runtime-nodejs20 or node to make the test image from.');
    await makeStayingImage(IMAGE, base);
    const engine = open('/var/run/docker.sock');
    const signal = AbortSignal.timeout(SLOW_MS);
    const imageId = (await engine.imageId(`${IMAGE}:latest`, signal)) ?? '';
    await engine.facts(signal);
    const instanceId = randomBytes(16).toString('hex');
    const directory = mkdtempSync('/tmp/easyfaas-e-');
    return {
      engine,
      spec: () => {
        const containerId = randomBytes(6).toString('hex');
        const path = (name: string): string => join(directory, 'containers', containerId, name);
        for (const name of ['task', 'opt', 'sock']) mkdirSync(path(name), { recursive: true });
        return {
          containerId,
          instanceId,
          runtime: 'test',
          imageId,
          memoryMb: 128,
          cpus: { shares: 74 },
          token: 'c'.repeat(32),
          paths: { task: path('task'), layers: path('opt'), socket: path('sock') },
          codePropagation: 'rprivate' as const,
          labels: { 'easyfaas.test-run': TEST_RUN },
        };
      },
      cleanUp: async () => {
        expect(await removeLeftovers()).toEqual([]);
        rmSync(directory, { recursive: true });
        await docker('rmi', '-f', `${IMAGE}:latest`);
      },
    };
  });
});

describe('an engine that does not answer', () => {
  const signal = new AbortController().signal;

  it('is unavailable when there is no socket', async () => {
    await expect(open('/tmp/easyfaas-no-such.sock').facts(signal)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('is given up after the call timeout, before and in the middle of an answer', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'easyfaas-mute-'));
    const path = join(directory, 's');
    let greeting = '';
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(greeting));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const engine = open(path, 100);
    for (greeting of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half":']) {
      const error: unknown = await engine.list({}, signal).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(EngineError);
      expect(error).toMatchObject({ kind: 'unavailable' });
    }
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true });
  });
});
