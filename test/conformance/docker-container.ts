import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CONTAINER_PATHS } from '@easyfaas/contracts/wire';
import { repositoryRoot } from '../support/repository';
import { builtRunner, TestContainer, TOKEN, writeStartFile, type HostRuntime } from './container';

/** Names the run that made a container, so that what is left over can be found. */
export const TEST_RUN = `conformance-${process.pid}-${randomBytes(4).toString('hex')}`;

const imageOf = (runtime: HostRuntime): string => `${runtime.manifest.image}:${process.env['EASYFAAS_IMAGE_TAG'] ?? 'latest'}`;

/** Whether containers of a runtime can be made here. Must be so where REQUIRE_DOCKER=1 (CI); otherwise it is left out aloud. */
export function hasImage(runtime: HostRuntime): boolean {
  try {
    execFileSync('docker', ['image', 'inspect', imageOf(runtime)], { stdio: 'ignore' });
    return true;
  } catch (cause) {
    if (process.env['REQUIRE_DOCKER'] === '1') throw new Error(`no image ${imageOf(runtime)}`, { cause });
    console.warn(`conformance: no image ${imageOf(runtime)}; its containers are not tested`);
    return false;
  }
}

/** The same as {@link TestContainer}, in a container as locked as the real ones, with the sources of now. */
export class DockerContainer extends TestContainer {
  dockerId = '';

  static async startIn(runtime: HostRuntime, memoryMb = 128): Promise<DockerContainer> {
    const container = new DockerContainer(runtime);
    await container.controller.listen();
    container.#run(memoryMb);
    await container.attachedOrDisposed();
    return container;
  }

  override initHeader(more = {}): ReturnType<TestContainer['initHeader']> {
    return super.initHeader({ taskRoot: CONTAINER_PATHS.task, ...more });
  }

  override async dispose(): Promise<void> {
    execFileSync('docker', ['rm', '-f', this.dockerId], { stdio: 'ignore' });
    await super.dispose();
  }

  #run(memoryMb: number): void {
    const { directory, socketPath } = this.controller;
    const { folder } = this.runtimeInfo;
    const easyfaas = join(directory, 'easyfaas');
    mkdirSync(easyfaas);
    for (const file of readdirSync(folder)) {
      if (statSync(join(folder, file)).isFile()) cpSync(join(folder, file), join(easyfaas, file));
    }
    cpSync(builtRunner(), join(easyfaas, 'runner.js'));
    cpSync(join(repositoryRoot, 'services/runner/launcher'), join(easyfaas, 'runner'));
    writeStartFile(easyfaas);
    chmodSync(directory, 0o755);
    chmodSync(socketPath, 0o666);
    const options = {
      label: `easyfaas.test-run=${TEST_RUN}`,
      user: '10001:10001',
      network: 'none',
      'cap-drop': 'ALL',
      'security-opt': 'no-new-privileges',
      memory: `${memoryMb}m`,
      'memory-swap': `${memoryMb}m`,
      'pids-limit': '128',
      'oom-score-adj': '500',
      ulimit: 'nofile=1024:1024',
      tmpfs: '/tmp:rw,noexec,nosuid,nodev,size=64m,mode=1777,nr_inodes=16384',
      workdir: '/tmp',
      entrypoint: '/opt/easyfaas/runner',
      env: `EASYFAAS_TOKEN=${TOKEN}`,
    };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const mounts = [`${easyfaas}:/opt/easyfaas:ro`, `${this.taskFolder}:/var/task:ro`, `${directory}:/run/easyfaas:ro`].flatMap((mount) => [
      '-v',
      mount,
    ]);
    this.dockerId = execFileSync('docker', ['run', '-d', '--init', '--read-only', ...flags, ...mounts, imageOf(this.runtimeInfo)])
      .toString()
      .trim();
  }

  /** Process ids of all that runs in the container, as the machine sees them. */
  processes(): number[] {
    return execFileSync('docker', ['top', this.dockerId, '-o', 'pid'])
      .toString()
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0);
  }

  /** Follows the container until it ends. */
  ended(): Promise<void> {
    return new Promise((resolve) => spawn('docker', ['wait', this.dockerId], { stdio: 'ignore' }).on('exit', () => resolve()));
  }
}
