// Redis, funclet and controller as programs of this machine or of one container: their arguments, users, rights and environment.
import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The compose file's users, so that one data directory works with either; Redis has none of a fixed number there. */
const GROUP = 10000;
const CONTROLLER_USER = 10000;
const REDIS_USER = 10002;

/** V8's and malloc's settings, as in the Dockerfiles of the services, which say why. */
const FUNCLET_NODE = { flags: ['--max-semi-space-size=4', '--expose-gc'], env: { MALLOC_TRIM_THRESHOLD_: '131072' } };
const CONTROLLER_NODE = {
  flags: ['--max-semi-space-size=64', '--heap-growing-percent=300', '--expose-gc'],
  env: { MALLOC_TRIM_THRESHOLD_: '33554432', MALLOC_MMAP_THRESHOLD_: '4194304' },
};
/** As in docker-compose.yml: an answer means that the data is on disk, and a full store refuses writes. */
const REDIS_SETTINGS = ['--port', '0', '--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];

/** From SIGTERM to SIGKILL: longer than each takes to drain, and the funclet to remove its containers. */
const GRACE_MS = { redis: 30_000, funclet: 60_000, controller: 30_000 };

/**
 * @param {{dataDir: string, bundles: {controller: string, funclet: string}, isConfined: boolean, controllerFlags?: string[], env: NodeJS.ProcessEnv}} options
 *   isConfined: each with the user and the rights that it has in the compose file, which takes root; else as this process is.
 *   env: of the services. Without EASYFAAS_REDIS_URL in it there is a Redis of its own
 * @returns {import('./supervisor.mjs').Program[]} in the order of their start
 */
export function servicePrograms({ dataDir, bundles, isConfined, controllerFlags = [], env }) {
  const hasOwnRedis = !env.EASYFAAS_REDIS_URL;
  const socket = join(dataDir, 'redis', 'redis.sock');
  const services = {
    ...env,
    NODE_ENV: 'production',
    EASYFAAS_DATA_DIR: dataDir,
    EASYFAAS_REDIS_URL: env.EASYFAAS_REDIS_URL || `unix://${socket}`,
  };
  const as = (rights) => (isConfined ? rights : []);
  const program = (name, rights, [command, ...args], environment) => {
    // Whoever starts it may be killed: nothing of it goes on alone then, which would keep the data directory locked.
    const limits = ['--pdeathsig', 'TERM', ...as(['--nnp', '--clear-groups', '--inh-caps=-all', ...rights]), '--', command, ...args];
    return { name, command: 'setpriv', args: limits, env: environment, graceMs: GRACE_MS[name] };
  };
  const node = (bundle, flags) => [process.execPath, ...flags, bundle];
  const redis = [
    'redis-server',
    ...REDIS_SETTINGS,
    ...['--unixsocket', socket, '--unixsocketperm', isConfined ? '770' : '700', '--dir', join(dataDir, 'redis')],
    ...['--maxmemory', env.EASYFAAS_REDIS_MAXMEMORY || '512mb'],
  ];
  const nothing = '--bounding-set=-all';
  return [
    ...(hasOwnRedis ? [program('redis', user(REDIS_USER, nothing), redis, { PATH: env.PATH })] : []),
    // mount(2) alone is what it needs root's rights for; Docker's socket opens to user 0.
    program('funclet', user(0, '--bounding-set=-all,+sys_admin'), node(bundles.funclet, FUNCLET_NODE.flags), {
      ...services,
      ...FUNCLET_NODE.env,
    }),
    program('controller', user(CONTROLLER_USER, nothing), node(bundles.controller, [...CONTROLLER_NODE.flags, ...controllerFlags]), {
      ...services,
      ...CONTROLLER_NODE.env,
    }),
  ];
}

const user = (id, boundingSet) => ['--reuid', String(id), '--regid', String(GROUP), boundingSet];

/** The data directory and, where there is a Redis of its own, its folder below, so that their users may write there; the funclet makes the others. */
export function makeServiceDirectories(dataDir, env) {
  mkdirSync(dataDir, { recursive: true });
  giveToGroup(dataDir, 0o775);
  if (env.EASYFAAS_REDIS_URL) return;
  mkdirSync(join(dataDir, 'redis'), { recursive: true });
  // Sticky: who is in the group may not delete another one's files.
  giveToGroup(join(dataDir, 'redis'), 0o1770);
}

function giveToGroup(path, mode) {
  // Somebody else's directory was set up by somebody else.
  if (statSync(path).uid !== process.getuid()) return;
  chownSync(path, process.getuid(), GROUP);
  chmodSync(path, mode);
}
