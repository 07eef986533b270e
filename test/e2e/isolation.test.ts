import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { eventually } from '../support/eventually';
import { type Language, deploy, docker, invoke, poolContainers, removeDeployments, stack } from '../support/stack';

afterAll(removeDeployments);

/** A server on every address of the machine: what a function must not reach although it is there. */
let bait: Server;
let baitConnections = 0;

beforeAll(async () => {
  bait = createServer((socket) => {
    baitConnections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => bait.listen(0, '0.0.0.0', resolve));
});

afterAll(async () => {
  await new Promise((resolve) => bait.close(resolve));
});

const NODE_PROBE = `
const fs = require('node:fs');
const net = require('node:net');
const dns = require('node:dns/promises');
const os = require('node:os');
const dial = (options) => new Promise((resolve) => {
  const socket = net.connect(options);
  socket.setTimeout(2000, () => { socket.destroy(); resolve('TIMEOUT'); });
  socket.on('connect', () => { socket.destroy(); resolve('connected'); });
  socket.on('error', (error) => resolve(error.code));
});
const list = (path) => { try { return fs.readdirSync(path); } catch (error) { return error.code; } };
const write = (path) => { try { fs.writeFileSync(path, 'x'); return 'written'; } catch (error) { return error.code; } };
exports.handler = async ({ targets, names, sockets }) => ({
  interfaces: Object.keys(os.networkInterfaces()),
  targets: Object.fromEntries(await Promise.all(targets.map(async (each) => [each, await dial({ host: each.split(' ')[0], port: Number(each.split(' ')[1]) })]))),
  names: Object.fromEntries(await Promise.all(names.map(async (each) => [each, await dns.lookup(each).then(() => 'found', (error) => error.code)]))),
  sockets: Object.fromEntries(await Promise.all(sockets.map(async (each) => [each, await dial({ path: each })]))),
  run: list('/run/easyfaas'),
  task: write('/var/task/x'),
  code: write('/var/task/' + list('/var/task')[0]),
  etc: write('/etc/x'),
  tmp: write('/tmp/x'),
  environment: process.env,
  startEnvironment: fs.readFileSync('/proc/self/environ', 'utf8'),
  status: fs.readFileSync('/proc/self/status', 'utf8'),
  mounts: fs.readFileSync('/proc/self/mountinfo', 'utf8'),
  ids: [process.getuid(), process.getgid(), ...process.getgroups()],
});`;

const PYTHON_PROBE = `
import errno, os, socket
def name_of(error):
    if isinstance(error, TimeoutError) or error.errno is None: return 'TIMEOUT'
    return errno.errorcode.get(error.errno, str(error.errno))
def dial(family, address):
    with socket.socket(family) as dialled:
        dialled.settimeout(2)
        try:
            dialled.connect(address)
            return 'connected'
        except OSError as error:
            return name_of(error)
def look_up(name):
    try:
        socket.getaddrinfo(name, 80)
        return 'found'
    except socket.gaierror as error:
        return {v: k for k, v in vars(socket).items() if k.startswith('EAI_')}.get(error.errno, str(error.errno))
def write(path):
    try:
        with open(path, 'w') as file: file.write('x')
        return 'written'
    except OSError as error:
        return name_of(error)
def read(path):
    with open(path, encoding='utf-8') as file: return file.read()
def handler(event, context):
    return {
        'interfaces': [name for _, name in socket.if_nameindex()],
        'targets': {each: dial(socket.AF_INET, (each.split(' ')[0], int(each.split(' ')[1]))) for each in event['targets']},
        'names': {each: look_up(each) for each in event['names']},
        'sockets': {each: dial(socket.AF_UNIX, each) for each in event['sockets']},
        'run': os.listdir('/run/easyfaas'),
        'task': write('/var/task/x'),
        'code': write('/var/task/' + os.listdir('/var/task')[0]),
        'etc': write('/etc/x'),
        'tmp': write('/tmp/x'),
        'environment': dict(os.environ),
        'startEnvironment': read('/proc/self/environ'),
        'status': read('/proc/self/status'),
        'mounts': read('/proc/self/mountinfo'),
        'ids': [os.getuid(), os.getgid(), *os.getgroups()],
    }
`;

interface Probe {
  interfaces: string[];
  targets: Record<string, string>;
  names: Record<string, string>;
  sockets: Record<string, string>;
  run: string[];
  task: string;
  code: string;
  etc: string;
  tmp: string;
  environment: Record<string, string>;
  startEnvironment: string;
  status: string;
  mounts: string;
  ids: number[];
}

const REFUSALS = ['EROFS', 'EACCES', 'EPERM'];

describe.each<Language>(['nodejs20', 'python3'])('a function of %s', (runtime) => {
  let probe: Probe;

  beforeAll(async () => {
    const name = await deploy({ runtime, source: runtime === 'nodejs20' ? NODE_PROBE : PYTHON_PROBE, timeoutSeconds: 60 });
    const { port } = bait.address() as AddressInfo;
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const addresses = own.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
    const stackPort = new URL(stack.url).port;
    const payload = {
      targets: [...addresses, '172.17.0.1', '127.0.0.1']
        .map((address) => `${address} ${port}`)
        .concat(`127.0.0.1 ${stackPort}`, '169.254.169.254 80', '10.0.0.1 80', '127.0.0.1 6379'),
      names: ['redis', 'controller', 'funclet', 'metadata.google.internal', 'host.docker.internal'],
      sockets: ['/var/run/docker.sock', '/run/docker.sock', '/run/redis/redis.sock', `${stack.dataDirectory}/run/funclet.sock`],
    };
    const answer = await invoke(name, payload);
    expect({ status: answer.status, text: answer.headers.get('x-easyfaas-function-error') === null ? '' : answer.text }).toEqual({
      status: 200,
      text: '',
    });
    probe = answer.json<Probe>();
  }, 90_000);

  it('reaches no network: not this machine, not the metadata service, not the store', () => {
    expect(probe.interfaces).toEqual(['lo']);
    expect(Object.entries(probe.targets).filter(([, result]) => !['ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH'].includes(result))).toEqual(
      [],
    );
    expect(Object.keys(probe.targets).length).toBeGreaterThan(5);
    expect(baitConnections).toBe(0);
  });

  it('finds no names', () => {
    expect(Object.values(probe.names).filter((result) => !['EAI_AGAIN', 'ENOTFOUND', 'EAI_NONAME', 'EAI_NODATA'].includes(result))).toEqual(
      [],
    );
  });

  it('sees no socket but its own', () => {
    expect(new Set(Object.values(probe.sockets))).toEqual(new Set(['ENOENT']));
    // Its own may be gone as well: once both ends are attached nobody listens there.
    expect(probe.run.filter((name) => name !== 'controller.sock')).toEqual([]);
  });

  it('cannot write its code nor the system, and can write /tmp', () => {
    expect(REFUSALS).toContain(probe.task);
    expect(REFUSALS).toContain(probe.code);
    expect(REFUSALS).toContain(probe.etc);
    expect(probe.tmp).toBe('written');
    // Field 5 is the mount point, 6 its options.
    const options: Record<string, string[]> = {};
    for (const line of probe.mounts.trim().split('\n')) options[line.split(' ')[4] ?? ''] = (line.split(' ')[5] ?? '').split(',');
    for (const place of ['/', '/var/task', '/run/easyfaas'])
      expect({ place, options: options[place] }).toEqual({ place, options: expect.arrayContaining(['ro']) as string[] });
    expect(options['/tmp']).toEqual(expect.arrayContaining(['rw', 'nosuid', 'nodev', 'noexec']));
  });

  it('finds no secret in its environment', () => {
    const secret = stack.key.split('_').at(-1) ?? stack.key;
    expect(`${JSON.stringify(probe.environment)}${probe.startEnvironment}`).not.toContain(secret);
    expect(Object.keys(probe.environment).filter((name) => /TOKEN|SECRET|PASSWORD|REDIS|DOCKER|EASYFAAS_KEY/i.test(name))).toEqual([]);
  });

  it('has no rights of the kernel', () => {
    expect(probe.ids.filter((id) => id !== 10001)).toEqual([]);
    const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(probe.status)?.[1];
    expect({
      effective: Number.parseInt(field('CapEff') ?? '', 16),
      bounding: Number.parseInt(field('CapBnd') ?? '', 16),
      noNewPrivs: field('NoNewPrivs'),
      seccomp: field('Seccomp'),
    }).toEqual({ effective: 0, bounding: 0, noNewPrivs: '1', seccomp: '2' });
  });
});

interface Inspected {
  Name: string;
  Config: { User: string; Image: string; Env: string[]; Volumes: object | null; ExposedPorts?: object };
  HostConfig: Record<string, unknown> & {
    Memory: number;
    MemorySwap: number;
    SecurityOpt: string[];
    Ulimits: { Name: string; Hard: number }[];
  };
  Mounts: { Type: string; Source: string; Destination: string; RW: boolean }[];
}

describe('the containers of functions', () => {
  let inspected: Inspected[];

  beforeAll(async () => {
    // One with a function in it, besides the waiting ones.
    await invoke(await deploy({ source: 'exports.handler = async () => 1;' }));
    // Others come and go meanwhile: containers of functions that earlier tests deleted are still being reset.
    inspected = await eventually(async () => {
      const lasting = (await poolContainers()).filter(({ state }) => state === 'cold' || state === 'warm');
      return JSON.parse(await docker('inspect', ...lasting.flatMap(({ dockerId }) => dockerId ?? []))) as Inspected[];
    }, 30_000);
  });

  it('all have the hardened configuration', () => {
    expect(inspected.length).toBeGreaterThan(1);
    for (const { Config, HostConfig } of inspected) {
      expect(Config.User).toBe('10001:10001');
      expect(HostConfig).toMatchObject({
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        Privileged: false,
        CapDrop: ['ALL'],
        Init: true,
        OomKillDisable: false,
        IpcMode: 'private',
        PidMode: '',
        UTSMode: '',
        PublishAllPorts: false,
        RestartPolicy: { Name: 'no' },
        AutoRemove: false,
      });
      for (const nothing of [
        'CapAdd',
        'Binds',
        'Devices',
        'DeviceRequests',
        'VolumesFrom',
        'GroupAdd',
        'Links',
        'Dns',
        'ExtraHosts',
        'PortBindings',
      ]) {
        expect({ [nothing]: Object.keys((HostConfig[nothing] as object | null) ?? {}) }).toEqual({ [nothing]: [] });
      }
      expect(HostConfig.Memory).toBeGreaterThanOrEqual(128 << 20);
      expect(HostConfig.MemorySwap).toBe(HostConfig.Memory);
      expect(HostConfig['PidsLimit']).toBeGreaterThan(0);
      expect(HostConfig['PidsLimit']).toBeLessThanOrEqual(256);
      expect(HostConfig['OomScoreAdj']).toBeGreaterThan(0);
      expect(HostConfig.SecurityOpt).toEqual(expect.arrayContaining([expect.stringMatching(/^no-new-privileges/)]));
      const seccomp = HostConfig.SecurityOpt.find((each) => each.startsWith('seccomp='))?.slice('seccomp='.length) ?? '';
      expect(JSON.parse(seccomp)).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO' });
      expect(HostConfig.Ulimits.find(({ Name }) => Name === 'nofile')?.Hard).toBe(1024);
      expect(HostConfig.Ulimits.map(({ Name }) => Name)).not.toContain('nproc');
    }
  });

  it('have no writable mount of the host, and nothing of it but code and their own socket', () => {
    for (const { Mounts } of inspected) {
      expect(Mounts.filter(({ Type, RW }) => Type !== 'tmpfs' && RW)).toEqual([]);
      expect(Mounts.filter(({ Type }) => Type === 'volume')).toEqual([]);
      const binds = Mounts.filter(({ Type }) => Type === 'bind');
      expect(binds.filter(({ Source }) => !Source.startsWith(`${stack.dataDirectory}/containers/`))).toEqual([]);
      expect(binds.map(({ Destination }) => Destination)).toEqual(expect.arrayContaining(['/run/easyfaas', '/var/task']));
    }
    // Each container has directories of its own.
    const sources = inspected.flatMap(({ Mounts }) => Mounts.map(({ Source }) => Source).filter((source) => source !== ''));
    expect(new Set(sources).size).toBe(sources.length);
  });

  it('carry no key in their environment', () => {
    const secret = stack.key.split('_').at(-1) ?? stack.key;
    expect(JSON.stringify(inspected)).not.toContain(secret);
  });
});

describe('the services', () => {
  it('listen on this machine only, and the store and the funclet not at all', () => {
    // Local address and state 0A (LISTEN) of /proc/net/tcp; 0100007F is 127.0.0.1.
    const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
    const port = Number(new URL(stack.url).port).toString(16).toUpperCase().padStart(4, '0');
    const listening = lines
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && fields[1]?.endsWith(`:${port}`));
    expect(listening.map((fields) => fields[1])).toEqual([`0100007F:${port}`]);
  });

  it('of the compose stack include exactly one with the Docker socket, and none with rights to spare', async () => {
    if (stack.project === '') throw new Error('this test needs the compose stack: run it with `npm run test:e2e`');
    const ids = await docker('ps', '--quiet', '--filter', `label=com.docker.compose.project=${stack.project}`);
    const services = JSON.parse(await docker('inspect', ...ids.split('\n'))) as (Inspected & {
      Config: { Labels: Record<string, string> };
    })[];
    const named = (filter: (each: Inspected) => boolean): string[] =>
      services.filter(filter).map(({ Config }) => Config.Labels['com.docker.compose.service'] ?? '');
    expect(named(() => true).sort()).toEqual(['controller', 'funclet', 'redis']);
    expect(
      named(({ Mounts }) => Mounts.some(({ Source, Destination }) => /docker\.sock$/.test(Source) || /docker\.sock$/.test(Destination))),
    ).toEqual(['funclet']);
    expect(named(({ HostConfig }) => HostConfig['Privileged'] === true)).toEqual([]);
    expect(named(({ HostConfig }) => !HostConfig['ReadonlyRootfs'])).toEqual([]);
    expect(named(({ HostConfig }) => JSON.stringify(HostConfig['CapDrop']) !== '["ALL"]')).toEqual([]);
    expect(named(({ HostConfig }) => ((HostConfig['CapAdd'] as string[] | null) ?? []).length > 0)).toEqual(['funclet']);
    expect(named(({ HostConfig }) => Object.keys((HostConfig['PortBindings'] as object | null) ?? {}).length > 0)).toEqual([]);
  });
});
