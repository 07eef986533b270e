import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTAINER_ENV, FrameDecoder, FrameType, parseHeader, type RuntimeManifest } from '@easyfaas/contracts/wire';
import type { CgroupReader } from './cgroup';
import { Runner } from './runner';

const DEADLINE_MS = 10_000;

export interface SelfCheckResult {
  isReady: boolean;
  /** One line for the log. */
  text: string;
}

/**
 * Starts the runtime as in a container, with a controller of its own that only waits for both HELLOs. Proves that the image
 * has the runner, the language and its bootstrap, and that they can run together.
 */
export function selfCheck(options: {
  manifest: RuntimeManifest;
  cgroup: CgroupReader;
  containerEnv: NodeJS.ProcessEnv;
}): Promise<SelfCheckResult> {
  const { manifest, cgroup, containerEnv } = options;
  const directory = mkdtempSync(join(tmpdir(), 'easyfaas-'));
  const socketPath = join(directory, 'controller.sock');
  const startedAtMs = performance.now();
  return new Promise((resolve) => {
    const versions = new Map<string, string>();
    const complaints: string[] = [];
    const finish = (isReady: boolean, text: string) => {
      rmSync(directory, { recursive: true, force: true });
      result = { isReady, text: `${manifest.name}: ${text}` };
      runner.stop();
    };
    let result: SelfCheckResult | undefined;
    const server = createServer((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n'));
      const decoder = new FrameDecoder([FrameType.HELLO, FrameType.LOG, FrameType.EXIT], (frame) => {
        const header = parseHeader(frame);
        if (frame.type === FrameType.LOG) complaints.push(frame.body.toString().trim());
        else if (frame.type === FrameType.EXIT && !result)
          finish(false, `the runtime ended: ${JSON.stringify(header)} ${complaints.join(' ')}`);
        else if (frame.type === FrameType.HELLO) versions.set(String(header['role']), String(header['runtimeVersion']));
        if (!result && versions.size === 2)
          finish(true, `ready, ${versions.get('runtime')}, ${Math.round(performance.now() - startedAtMs)} ms`);
      });
      socket.once('data', () => socket.on('data', (chunk) => decoder.push(chunk)));
      socket.on('error', () => socket.destroy()); // the process was killed: its EXIT says more
    });
    const runner = new Runner({
      manifest,
      cgroup,
      socketPath,
      token: 'self-check',
      containerEnv: { ...containerEnv, [CONTAINER_ENV.socket]: socketPath, [CONTAINER_ENV.token]: 'self-check' },
      endRunner: () => resolve(result ?? { isReady: false, text: `${manifest.name}: stopped` }),
    });
    setTimeout(() => finish(false, `no HELLO within ${DEADLINE_MS} ms ${complaints.join(' ')}`), DEADLINE_MS);
    server.listen(socketPath, () => runner.start());
  });
}
