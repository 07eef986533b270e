// The first program of the all-in-one container, below tini: runs Redis, funclet and controller until SIGTERM.
// Needs the Docker socket, the control groups at /host/cgroup and the data directory at its own path, as a shared mount.
import { makeServiceDirectories, servicePrograms } from './service-programs.mjs';
import { superviseUntilSignal } from './supervisor.mjs';

const dataDir = process.env.EASYFAAS_DATA_DIR || '/var/lib/easyfaas';
makeServiceDirectories(dataDir, process.env);
const programs = servicePrograms({
  dataDir,
  bundles: { controller: '/app/controller/main.cjs', funclet: '/app/main.cjs' },
  isConfined: true,
  env: {
    ...process.env,
    EASYFAAS_CGROUP_ROOT: process.env.EASYFAAS_CGROUP_ROOT || '/host/cgroup',
    // The guard of egress is in here, too: no other image of ours but those of the languages is needed.
    EASYFAAS_GUARD_IMAGE: process.env.EASYFAAS_GUARD_IMAGE || `easyfaas/all-in-one:${process.env.EASYFAAS_IMAGE_TAG || 'latest'}`,
    EASYFAAS_AT_STOP: process.env.EASYFAAS_AT_STOP || 'remove',
  },
});
await superviseUntilSignal(programs, { cwd: '/' });
