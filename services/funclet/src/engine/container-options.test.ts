import fc from 'fast-check';
import { assertPolicy } from './assert-policy';
import type { ContainerSpec } from './container-engine';
import { createOptions, updateOptions } from './container-options';
import { EngineError } from './engine-error';
import { SECCOMP_PROFILE } from './seccomp-profile';

const top = '/var/lib/easyfaas/containers/0123456789ab';
const spec: ContainerSpec = {
  containerId: '0123456789ab',
  instanceId: 'b'.repeat(32),
  runtime: 'nodejs20',
  imageId: `sha256:${'a'.repeat(64)}`,
  memoryMb: 128,
  cpus: { shares: 74 },
  token: 'c'.repeat(32),
  paths: { task: `${top}/task`, layers: `${top}/opt`, socket: `${top}/sock` },
  codePropagation: 'rslave',
  labels: { 'easyfaas.test-run': 'unit' },
};

type Json = Record<string, unknown>;
const withEgress = () =>
  structuredClone(
    createOptions({ ...spec, egress: { network: 'easyfaas-egress-bbbbbbbb', resolvers: ['9.9.9.9'] } }, { hasAppArmor: false }),
  );
const good = (): Json & { HostConfig: Json } => structuredClone(createOptions(spec, { hasAppArmor: false }));

const refusedKey = (options: unknown): string => {
  try {
    assertPolicy(options);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== 'refused') throw error;
    return /value of (.*)\.$/.exec(error.message)?.[1] ?? error.message;
  }
};

describe('the options of a function container', () => {
  it('pass the policy with and without AppArmor, quota and linked code', () => {
    expect(() => assertPolicy(createOptions(spec, { hasAppArmor: false }))).not.toThrow();
    expect(() => assertPolicy(createOptions(spec, { hasAppArmor: true }))).not.toThrow();
    const other: ContainerSpec = { ...spec, cpus: { shares: 1024, quota: 0.5 }, codePropagation: 'rprivate' };
    expect(() => assertPolicy(createOptions(other, { hasAppArmor: false }))).not.toThrow();
  });

  it('differ by the size of /tmp in nothing else', () => {
    const roomy = createOptions({ ...spec, tmpMb: 512 }, { hasAppArmor: false });
    expect(() => assertPolicy(roomy)).not.toThrow();
    expect(roomy.HostConfig.Tmpfs['/tmp']).toBe('rw,noexec,nosuid,nodev,size=536870912,mode=1777,nr_inodes=16384');
    const { HostConfig } = createOptions(spec, { hasAppArmor: false });
    expect(HostConfig.Tmpfs['/tmp']).toBe('rw,noexec,nosuid,nodev,size=67108864,mode=1777,nr_inodes=16384');
    expect({ ...roomy, HostConfig: { ...roomy.HostConfig, Tmpfs: HostConfig.Tmpfs } }).toEqual(createOptions(spec, { hasAppArmor: false }));
  });

  it('drop every capability and privilege, and have no network and no swap', () => {
    const { HostConfig } = createOptions(spec, { hasAppArmor: false });
    expect(HostConfig).toMatchObject({
      CapDrop: ['ALL'],
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      Privileged: false,
      Memory: 128 * 1024 * 1024,
      MemorySwap: 128 * 1024 * 1024,
    });
    expect(HostConfig.Mounts.every((mount) => mount.ReadOnly)).toBe(true);
  });

  it('with egress have our own bridge and name servers, and stay as hardened as without', () => {
    const { NetworkDisabled, HostConfig } = withEgress();
    expect({ NetworkDisabled, ...HostConfig }).toMatchObject({
      NetworkDisabled: false,
      NetworkMode: 'easyfaas-egress-bbbbbbbb',
      Dns: ['9.9.9.9'],
      DnsSearch: ['.'],
    });
    const { HostConfig: without } = createOptions(spec, { hasAppArmor: false });
    const { NetworkMode, Dns, DnsSearch, ...rest } = HostConfig as typeof without & Json;
    expect([NetworkMode, Dns, DnsSearch].length).toBe(3);
    expect({ ...rest, NetworkMode: 'none' }).toEqual(without);
    expect(() => assertPolicy(withEgress())).not.toThrow();
  });

  it.each<[string, object, string]>([
    ['the host’s network', { NetworkMode: 'host' }, 'HostConfig.NetworkMode'],
    ['the network of compose', { NetworkMode: 'easyfaas_default' }, 'HostConfig.NetworkMode'],
    ['Docker’s own bridge', { NetworkMode: 'bridge' }, 'HostConfig.NetworkMode'],
    ['the name servers of the host', { Dns: undefined }, 'HostConfig.Dns'],
    ['no name server', { Dns: [] }, 'HostConfig.Dns'],
    ['a name for a name server', { Dns: ['dns.example'] }, 'HostConfig.Dns'],
    ['the search domain of the host', { DnsSearch: undefined }, 'HostConfig.DnsSearch'],
    ['no network but name servers', { NetworkMode: 'none' }, 'NetworkDisabled'],
  ])('are refused with egress and %s', (_what, change, key) => {
    const options = withEgress() as unknown as Json & { HostConfig: Json };
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) delete options.HostConfig[name];
      else options.HostConfig[name] = value;
    }
    expect(refusedKey(options)).toBe(key);
  });

  it('set memory and swap together when they are updated', () => {
    expect(updateOptions({ memoryMb: 256, cpus: { shares: 148 } })).toEqual({
      Memory: 268_435_456,
      MemorySwap: 268_435_456,
      CpuShares: 148,
    });
  });
});

describe('the policy', () => {
  const topKeys = Object.keys(good());
  const hostKeys = Object.keys(good().HostConfig);

  it.each(topKeys)('refuses a request without %s', (key) => {
    const options = good();
    delete options[key];
    expect(refusedKey(options)).toBe(key);
  });

  it.each(hostKeys)('refuses a host configuration without %s', (key) => {
    const options = good();
    delete options.HostConfig[key];
    expect(refusedKey(options)).toBe(`HostConfig.${key}`);
  });

  it.each(topKeys.filter((key) => key !== 'HostConfig'))('refuses another value of %s', (key) => {
    for (const value of [undefined, null, 'evil', 12.5, -1, ['evil'], { evil: true }, true]) {
      const options = good();
      if (options[key] === value) continue;
      options[key] = value;
      expect(refusedKey(options)).toBe(key);
    }
  });

  it.each(hostKeys)('refuses another value of HostConfig.%s', (key) => {
    for (const value of [undefined, null, 'evil', 12.5, -1, ['evil'], { evil: 'true' }, !(good().HostConfig[key] as boolean)]) {
      const options = good();
      options.HostConfig[key] = value;
      expect(refusedKey(options)).toBe(`HostConfig.${key}`);
    }
  });

  // Keys of the Engine API that we never set.
  it.each([
    'Binds',
    'VolumesFrom',
    'Devices',
    'DeviceRequests',
    'DeviceCgroupRules',
    'CgroupParent',
    'Cgroup',
    'Sysctls',
    'Runtime',
    'PortBindings',
    'ExtraHosts',
    'Dns',
    'DnsOptions',
    'DnsSearch',
    'GroupAdd',
    'Links',
    'Isolation',
    'StorageOpt',
    'MaskedPaths',
    'ReadonlyPaths',
    'KernelMemory',
    'MemorySwappiness',
    'MemoryReservation',
    'CpuPeriod',
    'CpuQuota',
    'CpuRealtimeRuntime',
    'CpusetCpus',
    'CpusetMems',
    'BlkioWeight',
    'VolumeDriver',
    'ContainerIDFile',
    'ConsoleSize',
    'Annotations',
    'SomethingNew',
    '__proto__x',
  ])('refuses the key HostConfig.%s, whatever its value', (key) => {
    const options = good();
    options.HostConfig[key] = [];
    expect(refusedKey(options)).toBe(`HostConfig.${key}`);
  });

  it.each(['NetworkingConfig', 'ExposedPorts', 'MacAddress', 'OnBuild', 'Shell', 'Domainname', 'authconfig', 'name'])(
    'refuses the key %s beside them',
    (key) => {
      expect(refusedKey({ ...good(), [key]: '' })).toBe(key);
    },
  );

  it.each([
    ['host network', { NetworkMode: 'host' }],
    ['another container’s network', { NetworkMode: 'container:abc' }],
    ['host processes', { PidMode: 'host' }],
    ['host IPC', { IpcMode: 'host' }],
    ['host users', { UsernsMode: 'host' }],
    ['host names', { UTSMode: 'host' }],
    ['host control groups', { CgroupnsMode: 'host' }],
    ['privilege', { Privileged: true }],
    ['a capability', { CapAdd: ['SYS_ADMIN'] }],
    ['fewer dropped capabilities', { CapDrop: ['NET_RAW'] }],
    ['no seccomp', { SecurityOpt: ['no-new-privileges:true', 'seccomp=unconfined'] }],
    ['new privileges', { SecurityOpt: [`seccomp=${JSON.stringify(SECCOMP_PROFILE)}`] }],
    ['no AppArmor', { SecurityOpt: ['no-new-privileges:true', `seccomp=${JSON.stringify(SECCOMP_PROFILE)}`, 'apparmor=unconfined'] }],
    ['swap', { MemorySwap: -1 }],
    ['more swap than memory', { MemorySwap: 256 * 1024 * 1024 }],
    ['an executable /tmp', { Tmpfs: { '/tmp': 'rw,exec,nosuid,nodev,size=67108864,mode=1777,nr_inodes=1' } }],
    ['a size of /tmp that there is not', { Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=300,mode=1777,nr_inodes=1' } }],
    ['a second tmpfs', { Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=67108864,mode=1777,nr_inodes=1', '/x': '' } }],
    ['a process limit per user', { Ulimits: [{ Name: 'nproc', Soft: 1, Hard: 1 }] }],
    ['no process limit', { PidsLimit: 0 }],
    ['automatic removal', { AutoRemove: true }],
  ])('refuses %s', (_, host) => {
    const options = good();
    Object.assign(options.HostConfig, host);
    expect(refusedKey(options)).not.toBe('accepted');
  });

  const mounts = (): Json[] => structuredClone(good().HostConfig['Mounts']) as Json[];

  it.each([
    ['the Docker socket', { Source: '/var/run/docker.sock' }],
    ['the root directory', { Source: '/' }],
    ['a path that climbs out', { Source: `${top}/../../../etc/containers/0123456789ab/task` }],
    ['another container’s directory', { Source: '/var/lib/easyfaas/containers/ffffffffffff/task' }],
    ['its socket in place of its code', { Source: `${top}/sock` }],
    ['write access', { ReadOnly: false }],
    ['another target', { Target: '/etc' }],
    ['a volume', { Type: 'volume' }],
    ['shared propagation', { BindOptions: { Propagation: 'rshared' } }],
    ['a bind that is not recursive', { BindOptions: { Propagation: 'rslave', NonRecursive: true } }],
    ['volume options', { VolumeOptions: { DriverConfig: {} } }],
  ])('refuses a mount of %s', (_, change) => {
    const changed = mounts();
    Object.assign(changed[0] as Json, change);
    const options = good();
    options.HostConfig['Mounts'] = changed;
    expect(refusedKey(options)).toBe('HostConfig.Mounts');
  });

  it('refuses a fourth mount, a missing one and one twice', () => {
    const [task, layers, socket] = mounts();
    for (const changed of [
      [task, layers, socket, { ...task, Target: '/x' }],
      [task, layers],
      [task, task, socket],
    ]) {
      const options = good();
      options.HostConfig['Mounts'] = changed;
      expect(refusedKey(options)).toBe('HostConfig.Mounts');
    }
  });

  it('refuses an image by tag and environment variables that are not ours', () => {
    expect(refusedKey({ ...good(), Image: 'easyfaas/runtime-nodejs20:latest' })).toBe('Image');
    expect(refusedKey({ ...good(), Env: ['LD_PRELOAD=/tmp/x.so'] })).toBe('Env');
    expect(refusedKey({ ...good(), Env: ['PATH=/tmp\nLD_PRELOAD=x'] })).toBe('Env');
  });

  it('refuses whatever else', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 3 }), (value) => {
        expect(refusedKey(value)).not.toBe('accepted');
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.anything({ maxDepth: 2 }), (key, value) => {
        fc.pre(!hostKeys.includes(key) && key !== 'NanoCpus' && key !== '__proto__');
        const options = good();
        options.HostConfig[key] = value;
        expect(refusedKey(options)).toBe(`HostConfig.${key}`);
      }),
    );
  });
});
