import { CONTAINER_PATHS, LIMITS } from '@easyfaas/contracts/wire';
import { EngineError } from './engine-error';
import { SECCOMP_PROFILE } from './seccomp-profile';

/**
 * The last look at a create request before it is sent: an allow-list of keys and, where it matters, of values. It
 * repeats what container-options.ts builds on purpose, so that a later change there, or a value that reached it from a
 * request, cannot weaken a container unnoticed. Unknown keys are refused: the engine has over a hundred, and new ones.
 */

type Check = (value: unknown) => boolean;

const is =
  (...allowed: unknown[]): Check =>
  (value) =>
    allowed.some((one) => same(one, value));
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const wholeNumber =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
const each =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

const MIB = 1024 * 1024;
const ENVIRONMENT = /^(HOME|TMPDIR|PATH|LANG|PYTHONDONTWRITEBYTECODE|PYTHONUNBUFFERED|NODE_ENV|EASYFAAS_TOKEN)=[A-Za-z0-9/:._-]*$/;
const EGRESS_NETWORK = matches(/^easyfaas-egress-[0-9a-f]{8}$/);
const IPV4 = /^(\d{1,3}\.){3}\d{1,3}$/;
const ULIMITS = ['nofile', 'core', 'memlock', 'fsize'];
/** A host path of ours: below a directory `containers/<id>/`, without `..`. */
const CONTAINER_PATH = /^\/(?!.*(^|\/)\.\.(\/|$)).*\/containers\/[0-9a-f]{12}\/(task|opt|sock)$/;

const TOP: Record<string, Check> = {
  Image: matches(/^sha256:[0-9a-f]{64}$/),
  User: is('10001:10001'),
  Entrypoint: is(['/opt/easyfaas/runner']),
  Cmd: is([]),
  WorkingDir: is('/tmp'),
  Env: each(matches(ENVIRONMENT)),
  Labels: isLabels,
  Hostname: is('fn'),
  Tty: is(false),
  OpenStdin: is(false),
  AttachStdin: is(false),
  NetworkDisabled: is(true, false),
  StopSignal: is('SIGTERM'),
  StopTimeout: wholeNumber(0, 30),
  Healthcheck: is({ Test: ['NONE'] }),
  Volumes: is({}),
  HostConfig: isHostConfig,
};

const HOST: Record<string, Check> = {
  NetworkMode: (value) => value === 'none' || EGRESS_NETWORK(value),
  Dns: each(matches(IPV4)),
  DnsSearch: is(['.']),
  ReadonlyRootfs: is(true),
  Privileged: is(false),
  CapDrop: is(['ALL']),
  CapAdd: is([]),
  SecurityOpt: isSecurityOptions,
  Init: is(true),
  Memory: wholeNumber(16 * MIB, 1024 * 1024 * MIB),
  MemorySwap: wholeNumber(16 * MIB, 1024 * 1024 * MIB),
  CpuShares: wholeNumber(2, 262_144),
  NanoCpus: wholeNumber(10_000_000, 1024e9),
  PidsLimit: wholeNumber(1, 1024),
  OomKillDisable: is(false),
  OomScoreAdj: wholeNumber(0, 1000),
  Ulimits: each(isUlimit),
  Tmpfs: isTmpfs,
  ShmSize: wholeNumber(0, 64 * MIB),
  IpcMode: is('private'),
  CgroupnsMode: is('private'),
  PidMode: is(''),
  UTSMode: is(''),
  UsernsMode: is(''),
  Mounts: isMounts,
  LogConfig: is({ Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } }),
  RestartPolicy: is({ Name: 'no' }),
  AutoRemove: is(false),
  PublishAllPorts: is(false),
};

/** Keys without which the engine's default would be weaker than ours. */
const OPTIONAL: ReadonlySet<string> = new Set(['NanoCpus', 'Dns', 'DnsSearch']);

/** @throws EngineError `refused` naming the key */
export function assertPolicy(options: unknown): void {
  checkKeys('', options, TOP);
  const host = (options as { HostConfig: { Memory: number; MemorySwap: number } }).HostConfig;
  if (host.Memory !== host.MemorySwap) refuse('HostConfig.MemorySwap');
  assertNetwork(options as { NetworkDisabled: boolean; HostConfig: Record<string, unknown> });
}

/** Either no network at all, or our own bridge with name servers: without them the host's would be asked. */
function assertNetwork({ NetworkDisabled, HostConfig }: { NetworkDisabled: boolean; HostConfig: Record<string, unknown> }): void {
  const isNone = HostConfig['NetworkMode'] === 'none';
  if (NetworkDisabled !== isNone) refuse('NetworkDisabled');
  const dns = HostConfig['Dns'];
  if (isNone ? dns !== undefined : !Array.isArray(dns) || dns.length === 0) refuse('HostConfig.Dns');
  if (isNone !== (HostConfig['DnsSearch'] === undefined)) refuse('HostConfig.DnsSearch');
}

function checkKeys(prefix: string, value: unknown, checks: Record<string, Check>): void {
  if (!isRecord(value)) return refuse(prefix);
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol' || !Object.hasOwn(checks, key)) refuse(`${prefix}${String(key)}`);
  }
  for (const [key, check] of Object.entries(checks)) {
    if (!Object.hasOwn(value, key)) {
      if (!OPTIONAL.has(key)) refuse(`${prefix}${key}`);
    } else if (!check(value[key])) refuse(`${prefix}${key}`);
  }
}

function refuse(key: string): never {
  throw new EngineError('refused', `The container's policy does not allow this value of ${key}.`);
}

function isHostConfig(value: unknown): boolean {
  checkKeys('HostConfig.', value, HOST);
  return true;
}

function isLabels(value: unknown): boolean {
  return (
    isRecord(value) && Object.values(value).every((label) => typeof label === 'string') && typeof value['easyfaas.instance'] === 'string'
  );
}

const SECCOMP = `seccomp=${JSON.stringify(SECCOMP_PROFILE)}`;

function isSecurityOptions(value: unknown): boolean {
  const required = ['no-new-privileges:true', SECCOMP];
  return same(value, required) || same(value, [...required, 'apparmor=docker-default']);
}

function isUlimit(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { Name, Soft, Hard, ...rest } = value;
  const isBounded = wholeNumber(0, 1e9)(Soft) && wholeNumber(0, 1e9)(Hard);
  return ULIMITS.includes(Name as string) && isBounded && Object.keys(rest).length === 0;
}

function isTmpfs(value: unknown): boolean {
  if (!isRecord(value) || !same(Object.keys(value), ['/tmp'])) return false;
  const size = /^rw,noexec,nosuid,nodev,size=(\d{1,10}),mode=1777,nr_inodes=\d{1,6}$/.exec(String(value['/tmp']))?.[1];
  return LIMITS.ephemeralStorageMb.some((mb) => mb * MIB === Number(size));
}

const TARGETS: ReadonlyMap<string, string> = new Map([
  [CONTAINER_PATHS.task, 'task'],
  [CONTAINER_PATHS.layers, 'opt'],
  [CONTAINER_PATHS.socketDirectory, 'sock'],
]);

/** Exactly our three binds, read-only, from one container's own directory. */
function isMounts(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== TARGETS.size) return false;
  const mounts: unknown[] = value;
  const parents = new Set<string>();
  const targets = new Set<string>();
  for (const mount of mounts) {
    if (!isRecord(mount)) return false;
    const { Type, Source, Target, ReadOnly, BindOptions, ...rest } = mount;
    if (Type !== 'bind' || ReadOnly !== true || Object.keys(rest).length > 0) return false;
    if (typeof Target !== 'string' || typeof Source !== 'string' || !CONTAINER_PATH.test(Source)) return false;
    if (!is({ Propagation: 'rslave' }, { Propagation: 'rprivate' })(BindOptions)) return false;
    const name = TARGETS.get(Target);
    if (name === undefined || !Source.endsWith(`/${name}`)) return false;
    if (name === 'sock' && !same(BindOptions, { Propagation: 'rprivate' })) return false;
    parents.add(Source.slice(0, -name.length));
    targets.add(Target);
  }
  return parents.size === 1 && targets.size === TARGETS.size;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Equal by value, for JSON-like values. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}
