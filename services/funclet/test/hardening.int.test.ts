import { execIn, describeWithDocker, docker, localImage, makeStayingImage, removeLeftovers, testImage } from './support/docker';
import { FuncletUnderTest } from './support/funclet-under-test';

const USER = '10001:10001';
const SLOW_MS = 120_000;
jest.setTimeout(SLOW_MS);

const NODE = testImage('hardening-test-node');
const PYTHON = testImage('hardening-test-python');

const EPERM = 1;
const ENOSYS = 38;

interface Probe {
  name: string;
  /** Numbers of the call on x86_64 and aarch64; undefined where that processor has no such call. */
  numbers: readonly [number, number | undefined];
  args: readonly (number | string)[];
  errno: number;
}

/** Section 5.4 of the design, and what a probe with Docker's own profile shows to be open there. */
const REFUSED: readonly Probe[] = [
  { name: 'AF_ALG', numbers: [41, 198], args: [38, 5, 0], errno: EPERM },
  { name: 'AF_VSOCK', numbers: [41, 198], args: [40, 1, 0], errno: EPERM },
  { name: 'AF_PACKET', numbers: [41, 198], args: [17, 3, 0], errno: EPERM },
  { name: 'AF_BLUETOOTH', numbers: [41, 198], args: [31, 3, 0], errno: EPERM },
  { name: 'AF_TIPC', numbers: [41, 198], args: [30, 1, 0], errno: EPERM },
  { name: 'a raw ICMP socket', numbers: [41, 198], args: [2, 3, 1], errno: EPERM },
  { name: 'io_uring_setup', numbers: [425, 425], args: [1, 0], errno: EPERM },
  { name: 'userfaultfd', numbers: [323, 282], args: [0], errno: EPERM },
  { name: 'unshare of users', numbers: [272, 97], args: [0x10000000], errno: EPERM },
  { name: 'keyctl', numbers: [250, 219], args: [0, 0], errno: EPERM },
  { name: 'add_key', numbers: [248, 217], args: [0, 0, 0, 0, 0], errno: EPERM },
  { name: 'ptrace', numbers: [101, 117], args: [0, 0, 0, 0], errno: EPERM },
  { name: 'process_vm_readv', numbers: [310, 270], args: [1, 0, 0, 0, 0, 0], errno: EPERM },
  { name: 'bpf', numbers: [321, 280], args: [0, 0, 0], errno: EPERM },
  { name: 'perf_event_open', numbers: [298, 241], args: [0, 0, 0, 0, 0], errno: EPERM },
  { name: 'mount', numbers: [165, 40], args: ['none', '/tmp', 'tmpfs', 0, 0], errno: EPERM },
  { name: 'umount2', numbers: [166, 39], args: ['/var/task', 2], errno: EPERM },
  { name: 'setns', numbers: [308, 268], args: [0, 0], errno: EPERM },
  { name: 'pivot_root', numbers: [155, 41], args: ['/tmp', '/tmp'], errno: EPERM },
  { name: 'chroot', numbers: [161, 51], args: ['/tmp'], errno: EPERM },
  { name: 'fsopen', numbers: [430, 430], args: ['tmpfs', 0], errno: EPERM },
  { name: 'open_tree', numbers: [428, 428], args: [0, '/', 0], errno: EPERM },
  { name: 'name_to_handle_at', numbers: [303, 264], args: [0, '/', 0, 0, 0], errno: EPERM },
  { name: 'open_by_handle_at', numbers: [304, 265], args: [0, 0, 0], errno: EPERM },
  { name: 'kexec_load', numbers: [246, 104], args: [0, 0, 0, 0], errno: EPERM },
  { name: 'init_module', numbers: [175, 105], args: [0, 0, 0], errno: EPERM },
  { name: 'reboot', numbers: [169, 142], args: [0, 0, 0, 0], errno: EPERM },
  { name: 'syslog', numbers: [103, 116], args: [3, 0, 0], errno: EPERM },
  { name: 'memfd_secret', numbers: [447, 447], args: [0], errno: EPERM },
  { name: 'vmsplice', numbers: [278, 75], args: [0, 0, 0, 0], errno: EPERM },
  { name: 'personality(ADDR_NO_RANDOMIZE)', numbers: [135, 92], args: [0x40000], errno: EPERM },
  { name: 'clone of a user name space', numbers: [56, 220], args: [0x10000000, 0, 0, 0, 0], errno: EPERM },
  { name: 'clone3, so that libc falls back to clone', numbers: [435, 435], args: [0, 0], errno: ENOSYS },
  { name: 'setuid to root', numbers: [105, 146], args: [0], errno: EPERM },
];

const ALLOWED: readonly Omit<Probe, 'errno'>[] = [
  { name: 'AF_UNIX', numbers: [41, 198], args: [1, 1, 0] },
  { name: 'AF_INET', numbers: [41, 198], args: [2, 1, 0] },
  { name: 'AF_INET6', numbers: [41, 198], args: [10, 1, 0] },
  { name: 'AF_NETLINK, which getaddrinfo wants', numbers: [41, 198], args: [16, 3, 0] },
  { name: 'personality as a question', numbers: [135, 92], args: [0xffffffff] },
];

describeWithDocker('a function container', () => {
  let world: FuncletUnderTest;
  let dockerId: string;
  let pythonId: string | undefined;
  const column = process.arch === 'arm64' ? 1 : 0;

  beforeAll(async () => {
    const node = localImage('easyfaas/runtime-nodejs20', 'node');
    if (node === undefined) throw new Error('There is no image easyfaas/runtime-nodejs20 or node to make the test image from.');
    await makeStayingImage(NODE, node);
    const python = localImage('easyfaas/runtime-python3', 'python');
    if (python === undefined) process.stderr.write('SKIPPED: Python under the profile, no image easyfaas/runtime-python3\n');
    else await makeStayingImage(PYTHON, python);
    world = new FuncletUnderTest({ isShared: true, images: { node: NODE, ...(python === undefined ? {} : { python: PYTHON }) } });
    await world.start();
    const sha256 = world.upload([{ name: 'index.js', content: '1' }]);
    dockerId = await world.dockerId(await world.warm('node', sha256, 256));
    if (python !== undefined) pythonId = await world.dockerId(await world.warm('python', sha256, 256));
  }, SLOW_MS);

  afterAll(async () => {
    await world.close();
    expect(await removeLeftovers()).toEqual([]);
    await docker('rmi', '-f', `${NODE}:latest`, `${PYTHON}:latest`);
  }, SLOW_MS);

  /** @returns errno of a system call made by Perl inside, 0 for success */
  const probe = async ({ numbers, args }: Omit<Probe, 'errno'>): Promise<number> => {
    const list = args.map((arg) => (typeof arg === 'string' ? JSON.stringify(arg) : String(arg))).join(', ');
    // Perl may change strings it passes to a system call: they must be in variables. An exit code holds errno up to 255.
    const script = `my @a = (${list}); $! = 0; my $r = syscall(${numbers[column] ?? 0}, @a); exit($r == -1 ? $!+0 : 0)`;
    return (await execIn(dockerId, USER, 'perl', '-e', script)).code;
  };

  it.each(REFUSED)('is refused $name', async (one) => {
    if (one.numbers[column] === undefined) return;
    expect(await probe(one)).toBe(one.errno);
  });

  it.each(ALLOWED)('may use $name', async (one) => {
    expect(await probe(one)).toBe(0);
  });

  it('has no capability, no new privileges, and a filter, also in its first process', async () => {
    for (const pid of ['1', 'self']) {
      const { output } = await execIn(dockerId, USER, 'cat', `/proc/${pid}/status`);
      const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(output)?.[1] ?? 'missing';
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(`${set} ${field(set)}`).toBe(`${set} 0000000000000000`);
      expect(field('NoNewPrivs')).toBe('1');
      expect(field('Seccomp')).toBe('2');
      expect(field('Uid')).toBe('10001');
    }
  });

  it('is 10001 and has no volume, whatever the image says', async () => {
    const [container] = JSON.parse(await docker('inspect', dockerId)) as [
      { HostConfig: { CapAdd: unknown; Devices: unknown }; Mounts: { Type: string; RW: boolean; Destination: string }[] },
    ];
    expect(container).toMatchObject({
      Config: { User: USER, Entrypoint: ['/opt/easyfaas/runner'], WorkingDir: '/tmp' },
      HostConfig: {
        Privileged: false,
        ReadonlyRootfs: true,
        NetworkMode: 'none',
        CapDrop: ['ALL'],
        Memory: 256 * 1024 * 1024,
        MemorySwap: 256 * 1024 * 1024,
        PidsLimit: 128,
        IpcMode: 'private',
        Binds: null,
      },
    });
    expect([container.HostConfig.CapAdd ?? [], container.HostConfig.Devices ?? []]).toEqual([[], []]);
    const mounts = container.Mounts;
    const writable = mounts.filter(({ RW, Type }) => RW && Type === 'bind');
    expect(writable).toEqual([]);
    expect(mounts.map(({ Destination }) => Destination).sort()).toEqual(['/data', '/opt/layers', '/run/easyfaas', '/var/task']);
  });

  it('can write to /tmp only, and run nothing from there', async () => {
    const write = (path: string) => execIn(dockerId, USER, 'sh', '-c', `echo x >${path}/probe`);
    expect((await write('/tmp')).code).toBe(0);
    for (const path of ['/', '/etc', '/opt/easyfaas', '/var/task', '/run/easyfaas', '/proc/sys/kernel', '/sys/fs/cgroup', '/home']) {
      expect({ path, failed: (await write(path)).code !== 0 }).toEqual({ path, failed: true });
    }
    const run = await execIn(dockerId, USER, 'sh', '-c', 'cp /bin/true /tmp/t && chmod +x /tmp/t && /tmp/t');
    expect(run.code).toBe(126);
  });

  it('has loopback and nothing else', async () => {
    const { output } = await execIn(dockerId, USER, 'cat', '/proc/net/dev');
    const interfaces = [...output.matchAll(/^\s*([a-z0-9]+):/gm)].map((match) => match[1]);
    expect(interfaces.filter((name) => name !== 'lo' && !/^(tunl|gre|sit|ip6|ip_vti|erspan)/.test(name ?? ''))).toEqual([]);
    const script = "const s=require('net').connect(80,'169.254.169.254');s.on('error',e=>{console.log(e.code)})";
    expect((await execIn(dockerId, USER, 'node', '-e', script)).output).toBe('ENETUNREACH');
  });

  it('contains a fork bomb', async () => {
    // The children are taken along, so that they are not in the way of what comes next.
    const bomb = `
      my @p; my $why = '';
      while (@p < 500) { my $p = fork; if (!defined $p) { $why = "$!"; last } if (!$p) { sleep 60; exit } push @p, $p }
      kill 'KILL', @p; waitpid $_, 0 for @p; print scalar(@p) . " $why";`;
    const { output } = await execIn(dockerId, USER, 'perl', '-e', bomb);
    expect(output).toMatch(/^\d{2,3} Resource temporarily unavailable$/);
    expect(Number.parseInt(output)).toBeLessThan(128);
  });

  it('contains a flood of empty files', async () => {
    const flood = `my $n = 0; while ($n < 30000 && open my $f, '>', "/tmp/f$n") { close $f; $n++ } print "$n $!"; unlink glob '/tmp/f*'`;
    const { output } = await execIn(dockerId, USER, 'perl', '-e', flood);
    expect(output).toMatch(/^\d+ No space left on device$/);
    expect(Number.parseInt(output)).toBeLessThanOrEqual(16_384);
  });

  it('runs Node with files, threads, crypto, subprocesses and memory of its own', async () => {
    const id = await world.dockerId(await world.warm('node', world.upload([{ name: 'a', content: 'b' }]), 256));
    const script = `
      const fs = require('fs'), crypto = require('crypto'), { Worker } = require('worker_threads'), { execFileSync } = require('child_process');
      fs.writeFileSync('/tmp/x', 'y');
      if (fs.readFileSync('/tmp/x', 'utf8') !== 'y') throw new Error('files');
      crypto.scryptSync('a', 'b', 64);
      if (execFileSync('/bin/echo', ['sub']).toString().trim() !== 'sub') throw new Error('subprocess');
      fs.watch('/tmp').close();
      const server = require('http').createServer((q, r) => r.end('web')).listen(0, '127.0.0.1', async () => {
        const text = await (await fetch('http://127.0.0.1:' + server.address().port)).text();
        const worker = new Worker("require('worker_threads').parentPort.postMessage(new SharedArrayBuffer(8).byteLength)", { eval: true });
        worker.on('message', (n) => { console.log(text, n, require('os').userInfo !== undefined); process.exit(0); });
      });`;
    expect(await execIn(id, USER, 'node', '-e', script)).toEqual({ code: 0, output: 'web 8 true' });
  });

  it('runs Python with files, threads, subprocesses, multiprocessing and ctypes', async () => {
    if (pythonId === undefined) return;
    const script = `
import asyncio, ctypes, hashlib, multiprocessing, os, socket, sqlite3, subprocess, tempfile, threading
with tempfile.NamedTemporaryFile() as f:
    f.write(b'x')
seen = []
t = threading.Thread(target=lambda: seen.append('thread')); t.start(); t.join()
assert seen == ['thread']
assert subprocess.check_output(['/bin/echo', 'sub']).strip() == b'sub'
q = multiprocessing.get_context('fork').Queue()
p = multiprocessing.get_context('fork').Process(target=q.put, args=('child',)); p.start()
assert q.get() == 'child'; p.join()
multiprocessing.Lock()
assert ctypes.CDLL(None).getpid() == os.getpid()
sqlite3.connect(':memory:').execute('select 1')
asyncio.run(asyncio.sleep(0))
print('python runs', hashlib.sha256(b'').hexdigest()[:4])
`;
    expect(await execIn(pythonId, USER, 'python3', '-c', script)).toEqual({ code: 0, output: 'python runs e3b0' });
  });
});
