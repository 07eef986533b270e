import { readFileSync } from 'node:fs';
import { CONTAINER_ENV, CONTAINER_PATHS } from '@easyfaas/contracts/wire';
import { cgroupFiles, CgroupReader } from './cgroup';
import { Runner } from './runner';
import { readManifest } from './runtime-process';
import { selfCheck } from './self-check';
import { startFile } from './start-file';

const manifestFile = process.env['EASYFAAS_RUNTIME_MANIFEST'] ?? CONTAINER_PATHS.runtimeManifest;
const manifest = readManifest(manifestFile);
const [mode, startedPid] = process.argv[2]?.split('=') ?? [];
const cgroup = new CgroupReader(cgroupFiles('/sys/fs/cgroup'));

if (mode === '--start-file') {
  process.stdout.write(startFile(readFileSync(manifestFile, 'utf8')));
} else if (mode === '--self-check') {
  void selfCheck({ manifest, cgroup, containerEnv: process.env }).then(({ isReady, text }) => {
    process.stdout.write(`${text}\n`, () => process.exit(isReady ? 0 : 1));
  });
} else {
  const runner = new Runner({
    manifest,
    cgroup,
    startedPid: mode === '--runtime-pid' ? Number(startedPid) : undefined,
    socketPath: process.env[CONTAINER_ENV.socket] ?? CONTAINER_PATHS.socket,
    token: process.env[CONTAINER_ENV.token] ?? '',
    containerEnv: process.env,
    endRunner: () => process.exit(0),
  });
  process.on('SIGTERM', () => runner.stop());
  process.on('SIGINT', () => runner.stop());
  runner.start();
}
