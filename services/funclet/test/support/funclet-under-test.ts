import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { zipBytes, type ZipPart } from '@easyfaas/code-package/testing';
import type { ContainerView } from '@easyfaas/contracts/wire';
import { silentLogger } from '@easyfaas/service-kit';
import { removeTree } from '../../src/code/remove-tree';
import { readConfig } from '../../src/config';
import { Funclet } from '../../src/funclet';
import { linuxMountSyscalls } from '../../src/mounts/mount-syscalls';
import { readMountTable } from '../../src/mounts/mount-table';
import { TEST_RUN } from './docker';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

export interface WorldOptions {
  /** Make the data directory a shared mount, as the start script does. */
  isShared: boolean;
  /** Image names without tag, by runtime. */
  images: Record<string, string>;
  env?: Record<string, string>;
}

/** A data directory of its own and a funclet on it that can be stopped and started again. */
export class FuncletUnderTest {
  readonly dataDir: string;
  readonly #options: WorldOptions;
  #funclet: Funclet | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    // Short: socket paths below it have a limit of 107 bytes.
    this.dataDir = mkdtempSync('/tmp/easyfaas-f-');
    if (options.isShared) {
      execFileSync('mount', ['--bind', this.dataDir, this.dataDir]);
      execFileSync('mount', ['--make-rshared', this.dataDir]);
    }
    for (const [name, image] of Object.entries(options.images)) {
      const manifest = {
        name,
        title: name,
        command: '/bin/true',
        args: [],
        handlerPattern: '.*',
        handlerExample: 'index.handler',
        entryFile: 'index.js',
        sourceContentTypes: [],
        image,
      };
      mkdirSync(join(this.dataDir, 'runtimes', name), { recursive: true });
      writeFileSync(join(this.dataDir, 'runtimes', name, 'runtime.json'), JSON.stringify(manifest));
    }
  }

  async start(): Promise<void> {
    const config = readConfig({
      EASYFAAS_DATA_DIR: this.dataDir,
      EASYFAAS_RUNTIMES_DIR: join(this.dataDir, 'runtimes'),
      EASYFAAS_LABELS: `easyfaas.test-run=${TEST_RUN}`,
      ...this.#options.env,
    });
    this.#funclet = new Funclet({ config, logger: silentLogger(), version: 'test' });
    await this.#funclet.start();
  }

  async stop(): Promise<void> {
    await this.#funclet?.stop(AbortSignal.timeout(5_000));
    this.#funclet = undefined;
  }

  /** Resets every container, stops, and gives the directory and its mounts back. */
  async close(): Promise<void> {
    if (this.#funclet === undefined) await this.start();
    for (const { containerId } of await this.list()) await this.reset(containerId);
    await this.stop();
    const mounts = linuxMountSyscalls();
    for (const { mountPoint } of readMountTable().reverse()) {
      if (mountPoint === this.dataDir || mountPoint.startsWith(`${this.dataDir}/`)) mounts.unmount(mountPoint);
    }
    removeTree(this.dataDir);
  }

  call(method: string, path: string, body?: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: join(this.dataDir, 'run/funclet.sock'), method, path }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }));
      });
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async list(): Promise<ContainerView[]> {
    return (await this.call('GET', '/v1/containers')).body['containers'] as ContainerView[];
  }

  async view(containerId: string): Promise<ContainerView> {
    return (await this.#ok('GET', `/v1/containers/${containerId}`)) as unknown as ContainerView;
  }

  /** A new cold container. @returns its id */
  async cold(runtime: string, memoryMb = 128, network: 'none' | 'egress' = 'none', tmpMb?: number): Promise<string> {
    const containerId = randomBytes(6).toString('hex');
    const storage = tmpMb === undefined ? {} : { tmpMb };
    await this.#ok('POST', '/v1/containers', { ...operation(), containerId, runtime, memoryMb, network, ...storage });
    await this.#ok('POST', `/v1/containers/${containerId}/attached`, operation());
    return containerId;
  }

  /** @returns the package's SHA-256 */
  upload(parts: ZipPart[]): string {
    const zip = zipBytes(parts);
    const sha256 = createHash('sha256').update(zip).digest('hex');
    writeFileSync(join(this.dataDir, 'packages', `${sha256}.zip`), zip);
    return sha256;
  }

  async warmUp(containerId: string, codeSha256: string, memoryMb = 128): Promise<void> {
    const assignment = { accountId: 'a', functionName: 'f', version: '$LATEST', commitId: 'c' };
    await this.#ok('POST', `/v1/containers/${containerId}/warm-up`, { ...operation(), assignment, memoryMb, codeSha256 });
  }

  async warm(runtime: string, codeSha256: string, memoryMb = 128): Promise<string> {
    const containerId = await this.cold(runtime, 128);
    await this.warmUp(containerId, codeSha256, memoryMb);
    await this.#ok('POST', `/v1/containers/${containerId}/loaded`, operation());
    return containerId;
  }

  async reset(containerId: string): Promise<void> {
    await this.#ok('POST', `/v1/containers/${containerId}/reset`, operation());
  }

  async act(containerId: string, verb: 'pause' | 'resume'): Promise<void> {
    await this.#ok('POST', `/v1/containers/${containerId}/${verb}`, operation());
  }

  async dockerId(containerId: string): Promise<string> {
    return (await this.view(containerId)).dockerId ?? '';
  }

  /** What is left on this host of the containers of this directory. */
  leftovers(): { directories: string[]; mounts: string[] } {
    const containers = join(this.dataDir, 'containers');
    const mounts = readMountTable().flatMap(({ mountPoint }) => (mountPoint.startsWith(`${containers}/`) ? [mountPoint] : []));
    return { directories: readdirSync(containers), mounts };
  }

  removeRuntimes(): void {
    rmSync(join(this.dataDir, 'runtimes'), { recursive: true });
  }

  async #ok(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

let operations = 0;

export function operation(): { operationId: string; reason: string } {
  operations += 1;
  return { operationId: `test-${operations}`, reason: 'test' };
}

/** A file of a container's control group, v1 or v2. */
export function cgroupFile(dockerId: string, v1: string, v2: string): string {
  const candidates = [
    join('/sys/fs/cgroup', v1.split('.')[0] ?? '', 'docker', dockerId, v1),
    join('/sys/fs/cgroup', v1.split('.')[0] ?? '', `system.slice/docker-${dockerId}.scope`, v1),
    join('/sys/fs/cgroup/docker', dockerId, v2),
    join('/sys/fs/cgroup', `system.slice/docker-${dockerId}.scope`, v2),
  ];
  for (const path of candidates) {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`no control group of ${dockerId}`);
}
