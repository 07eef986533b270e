import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CgroupV1 } from './cgroup-v1';
import { CgroupV2, weightOf } from './cgroup-v2';
import { detectCgroups } from './detect';

const ID = 'd'.repeat(64);
const MIB = 1024 * 1024;
const signal = new AbortController().signal;
let root: string;

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const get = (path: string): string => readFileSync(join(root, path), 'utf8');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'easyfaas-cgroup-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('cgroup v1', () => {
  const memory = `memory/docker/${ID}`;
  const open = (): CgroupV1 => {
    put(`${memory}/memory.limit_in_bytes`, `${128 * MIB}\n`);
    put(`${memory}/memory.memsw.limit_in_bytes`, `${128 * MIB}\n`);
    put(`cpu/docker/${ID}/cpu.shares`, '74\n');
    put(`freezer/docker/${ID}/freezer.state`, 'THAWED\n');
    return new CgroupV1(root, 'cgroupfs');
  };

  it('brings memory and swap to one limit', () => {
    const cgroups = open();
    cgroups.setMemory(ID, 256 * MIB);
    expect(get(`${memory}/memory.limit_in_bytes`)).toBe(String(256 * MIB));
    expect(get(`${memory}/memory.memsw.limit_in_bytes`)).toBe(String(256 * MIB));
  });

  it.each([
    ['raises swap first', 256, 128],
    ['lowers it last', 64, 64],
  ])('%s: the kernel refuses memory above memory with swap', (_, targetMb, memoryMb) => {
    const cgroups = open();
    // The write to swap fails: whether memory was written tells which one came first.
    rmSync(join(root, `${memory}/memory.memsw.limit_in_bytes`));
    mkdirSync(join(root, `${memory}/memory.memsw.limit_in_bytes`));
    expect(() => cgroups.setMemory(ID, targetMb * MIB)).toThrow(/EISDIR/);
    expect(Number(get(`${memory}/memory.limit_in_bytes`))).toBe(memoryMb * MIB);
  });

  it('does without swap accounting', () => {
    const cgroups = open();
    rmSync(join(root, `${memory}/memory.memsw.limit_in_bytes`));
    cgroups.setMemory(ID, 64 * MIB);
    expect(get(`${memory}/memory.limit_in_bytes`)).toBe(String(64 * MIB));
    expect(() => get(`${memory}/memory.memsw.limit_in_bytes`)).toThrow();
  });

  it('reads usage and what of it can be dropped', () => {
    const cgroups = open();
    put(`${memory}/memory.usage_in_bytes`, '5000\n');
    put(`${memory}/memory.stat`, 'cache 1\ninactive_file 7\ntotal_cache 2\ntotal_inactive_file 1200\ntotal_active_file 9\n');
    expect(cgroups.memoryUsage(ID)).toEqual({ limitBytes: 128 * MIB, usageBytes: 5000, reclaimableBytes: 1200 });
  });

  it('sets shares, freezes and thaws', async () => {
    const cgroups = open();
    cgroups.setCpuShares(ID, 148);
    expect(get(`cpu/docker/${ID}/cpu.shares`)).toBe('148');
    await cgroups.freeze(ID, signal);
    expect(get(`freezer/docker/${ID}/freezer.state`)).toBe('FROZEN');
    cgroups.thaw(ID);
    expect(get(`freezer/docker/${ID}/freezer.state`)).toBe('THAWED');
  });

  it('finds groups where systemd makes them, and cpu mounted with cpuacct', () => {
    put(`cpu,cpuacct/system.slice/docker-${ID}.scope/cpu.shares`, '2');
    new CgroupV1(root, 'systemd').setCpuShares(ID, 10);
    expect(get(`cpu,cpuacct/system.slice/docker-${ID}.scope/cpu.shares`)).toBe('10');
  });

  it('passes on that a container has no group', () => {
    expect(() => open().setMemory('e'.repeat(64), MIB)).toThrow(/ENOENT/);
  });
});

describe('cgroup v2', () => {
  const group = `system.slice/docker-${ID}.scope`;
  const open = (): CgroupV2 => {
    put(`${group}/memory.max`, `${128 * MIB}\n`);
    put(`${group}/memory.swap.max`, 'max\n');
    put(`${group}/cpu.weight`, '100\n');
    put(`${group}/cgroup.freeze`, '0\n');
    put(`${group}/cgroup.events`, 'populated 1\nfrozen 0\n');
    return new CgroupV2(root, 'systemd');
  };

  it('sets the limit and takes swap away', () => {
    open().setMemory(ID, 256 * MIB);
    expect(get(`${group}/memory.max`)).toBe(String(256 * MIB));
    expect(get(`${group}/memory.swap.max`)).toBe('0');
  });

  it('reads usage, also without a limit', () => {
    const cgroups = open();
    put(`${group}/memory.current`, '5000\n');
    put(`${group}/memory.stat`, 'anon 1\nfile 2\ninactive_file 300\nactive_file 4\n');
    expect(cgroups.memoryUsage(ID)).toEqual({ limitBytes: 128 * MIB, usageBytes: 5000, reclaimableBytes: 300 });
    put(`${group}/memory.max`, 'max\n');
    expect(cgroups.memoryUsage(ID).limitBytes).toBe(Number.POSITIVE_INFINITY);
  });

  it('waits until the kernel says that it is frozen', async () => {
    const cgroups = open();
    let isFrozen = false;
    const freezing = cgroups.freeze(ID, signal).then(() => {
      isFrozen = true;
    });
    expect(get(`${group}/cgroup.freeze`)).toBe('1');
    expect(isFrozen).toBe(false);
    put(`${group}/cgroup.events`, 'populated 1\nfrozen 1\n');
    await freezing;
    cgroups.thaw(ID);
    expect(get(`${group}/cgroup.freeze`)).toBe('0');
  });

  it('gives up waiting when told to', async () => {
    const stop = new AbortController();
    const freezing = open().freeze(ID, stop.signal);
    stop.abort();
    await expect(freezing).rejects.toThrow(/abort/i);
  });

  it.each([
    [2, 1],
    [1024, 39],
    [262_144, 10_000],
  ])('maps %i shares to weight %i as runc does', (shares, weight) => {
    expect(weightOf(shares)).toBe(weight);
    open().setCpuShares(ID, shares);
    expect(get(`${group}/cpu.weight`)).toBe(String(weight));
  });
});

describe('finding the control groups', () => {
  it('says what is missing and what to do', () => {
    expect(detectCgroups(root, 1, 'cgroupfs').problem).toContain('EASYFAAS_CGROUP_ROOT');
    expect(detectCgroups(root, 1, 'other').problem).toContain('"other" is not known');
    mkdirSync(join(root, 'memory'));
    expect(detectCgroups(root, 1, 'cgroupfs').problem).toContain('not a cgroup v1');
    expect(detectCgroups(root, 2, 'cgroupfs').problem).toContain('not a cgroup v2');
  });

  it('takes the version that Docker names', () => {
    put('memory/cgroup.procs', '');
    put('cgroup.controllers', 'cpu memory\n');
    put('cgroup.procs', '');
    expect(detectCgroups(root, 1, 'cgroupfs').cgroups?.version).toBe(1);
    expect(detectCgroups(root, 2, 'systemd').cgroups?.version).toBe(2);
  });
});
