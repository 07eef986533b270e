import { type HostileFunction, answersSomehow, node, python, returns } from './hostile-function';

const REFUSALS = ['EROFS', 'EACCES', 'EPERM'];

/** Every attempt failed with one of the codes. */
const allRefused = (allowed: readonly string[] = REFUSALS) =>
  returns((result: Record<string, string>) => {
    expect(Object.keys(result).length).toBeGreaterThan(2);
    expect(Object.fromEntries(Object.entries(result).filter(([, code]) => !allowed.includes(code)))).toEqual({});
  });

const isGenuine = returns((result) => expect(result).toBe('genuine'));

/** The answer is not the forged one, whatever else became of the call. */
const isNotForged: HostileFunction['answers'] = (answer) => {
  answersSomehow(answer);
  expect(answer.text).not.toContain('forged');
};

/** A RESULT frame of protocol 1 with a nonce that was never given out; see packages/contracts/src/wire/frames.ts. */
const NODE_FRAME = `const frame = (stream) => {
  const header = Buffer.from('{"nonce":"00000000"}');
  const body = Buffer.from('"forged"');
  const out = Buffer.alloc(11);
  out.writeUInt32BE(7 + header.length + body.length, 0);
  out.writeUInt8(6, 4);
  out.writeUInt32BE(stream, 5);
  out.writeUInt16BE(header.length, 9);
  return Buffer.concat([out, header, body]);
};
const { writeSync, closeSync } = require('node:fs');
const tryWrite = (fd, bytes) => { try { writeSync(fd, bytes); } catch { /* refused, as it should be */ } };`;

const PYTHON_FRAME = `
import struct
def frame(stream):
    header, body = b'{"nonce":"00000000"}', b'"forged"'
    return struct.pack('>IBIH', 7 + len(header) + len(body), 6, stream, len(header)) + header + body
def try_write(fd, data):
    try: os.write(fd, data)
    except OSError: pass
`;

const PLACES = [
  '/x',
  '/var/task/x',
  '/opt/easyfaas/x',
  '/run/easyfaas/x',
  '/etc/x',
  '/usr/local/bin/x',
  '/proc/sys/kernel/hostname',
  '/sys/x',
  '/dev/x',
];

/** Attacks on the walls between a function and the machine. */
export const escapeAttacks: HostileFunction[] = [
  {
    row: 85,
    title: 'no place of the system and of the code can be written',
    source: {
      nodejs20: node(`const { writeFileSync } = require('node:fs');
  const codes = {};
  for (const place of ${JSON.stringify(PLACES)}) {
    try {
      writeFileSync(place, 'x');
      codes[place] = 'written';
    } catch (error) {
      codes[place] = error.code;
    }
  }
  return codes;`),
      python3: python(`
import errno
codes = {}
for place in ${JSON.stringify(PLACES)}:
    try:
        with open(place, 'w') as file: file.write('x')
        codes[place] = 'written'
    except OSError as error:
        codes[place] = errno.errorcode[error.errno]
return codes`),
    },
    answers: allRefused([...REFUSALS, 'ENOENT']),
  },
  {
    row: 86,
    title: 'taking more rights is refused',
    source: {
      nodejs20: node(`const { chownSync, writeFileSync } = require('node:fs');
  const { spawnSync } = require('node:child_process');
  writeFileSync('/tmp/mine', '');
  const attempts = {
    setuid: () => process.setuid(0),
    setgid: () => process.setgid(0),
    setgroups: () => process.setgroups([0]),
    chown: () => chownSync('/tmp/mine', 0, 0),
    chroot: () => { if (spawnSync('/usr/sbin/chroot', ['/', '/bin/true']).status !== 0) throw { code: 'EPERM' }; },
    unshare: () => { if (spawnSync('/usr/bin/unshare', ['-Ur', '/bin/true']).status !== 0) throw { code: 'EPERM' }; },
    mount: () => { if (spawnSync('/bin/mount', ['-t', 'tmpfs', 'none', '/tmp']).status !== 0) throw { code: 'EPERM' }; },
  };
  const codes = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      attempt();
      codes[name] = 'done';
    } catch (error) {
      codes[name] = error.code;
    }
  }
  return codes;`),
      python3: python(`
import ctypes, errno, platform, socket
libc = ctypes.CDLL(None, use_errno=True)
numbers = {
    'x86_64': {'ptrace': 101, 'bpf': 321, 'io_uring_setup': 425, 'keyctl': 250, 'userfaultfd': 323, 'perf_event_open': 298, 'process_vm_readv': 310},
    'aarch64': {'ptrace': 117, 'bpf': 280, 'io_uring_setup': 425, 'keyctl': 219, 'userfaultfd': 282, 'perf_event_open': 241, 'process_vm_readv': 270},
}[platform.machine()]
codes = {}
def attempt(name, result):
    codes[name] = 'done' if result >= 0 else errno.errorcode[ctypes.get_errno()]
def open_socket(name, *arguments):
    try:
        socket.socket(*arguments).close()
        codes[name] = 'done'
    except OSError as error:
        codes[name] = errno.errorcode[error.errno]
attempt('setuid', libc.setuid(0))
attempt('setgid', libc.setgid(0))
attempt('mount', libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))
attempt('unshare user', libc.unshare(0x10000000))
attempt('unshare mount', libc.unshare(0x00020000))
attempt('chroot', libc.chroot(b'/tmp'))
attempt('ptrace', libc.syscall(numbers['ptrace'], 16, os.getppid(), 0, 0))
attempt('process_vm_readv', libc.syscall(numbers['process_vm_readv'], os.getppid(), 0, 0, 0, 0, 0))
attempt('bpf', libc.syscall(numbers['bpf'], 0, 0, 0))
attempt('io_uring_setup', libc.syscall(numbers['io_uring_setup'], 1, 0))
attempt('keyctl', libc.syscall(numbers['keyctl'], 0, -3, 0))
attempt('userfaultfd', libc.syscall(numbers['userfaultfd'], 0))
attempt('perf_event_open', libc.syscall(numbers['perf_event_open'], 0, 0, -1, -1, 0))
open_socket('AF_ALG', 38, socket.SOCK_SEQPACKET)
open_socket('AF_VSOCK', 40, socket.SOCK_STREAM)
open_socket('AF_PACKET', 17, socket.SOCK_RAW)
open_socket('raw ICMP', socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
return codes`),
    },
    answers: allRefused(['EPERM']),
  },
  {
    row: 88,
    title: 'closing the standard descriptors hangs nothing',
    source: {
      nodejs20: node(`const { closeSync } = require('node:fs');
  for (const fd of [0, 1, 2]) closeSync(fd);
  console.log('into the void');
  return 'genuine';`),
      python3: python(`
for fd in (0, 1, 2): os.close(fd)
print('into the void')
return 'genuine'`),
    },
    answers: answersSomehow,
  },
  {
    row: 88,
    title: 'closing every descriptor hangs nothing',
    source: {
      nodejs20: node(`const { closeSync } = require('node:fs');
  for (let fd = 3; fd < 1024; fd++) try { closeSync(fd); } catch { /* not open */ }
  return 'genuine';`),
      python3: python(`os.closerange(3, 1024)\nreturn 'genuine'`),
    },
    timeoutSeconds: 2,
    answers: answersSomehow,
  },
  {
    row: 88,
    title: 'a function that kills its own runner loses its container only',
    source: {
      nodejs20: node(`process.kill(process.ppid, 'SIGKILL');\n  return new Promise((resolve) => setTimeout(resolve, 500, 'genuine'));`),
      python3: python(`os.kill(os.getppid(), 9)\ntime.sleep(0.5)\nreturn 'genuine'`),
    },
    answers: answersSomehow,
    endsContainer: true,
  },
  {
    row: 88,
    title: 'a function that kills every process it may loses its container only',
    source: {
      nodejs20: node(`process.kill(-1, 'SIGKILL');\n  return 'genuine';`),
      python3: python(`os.kill(-1, 9)\nreturn 'genuine'`),
    },
    answers: answersSomehow,
    endsContainer: true,
  },
  {
    row: 91,
    title: 'control frames written to standard output are only output',
    source: {
      nodejs20: node(
        `for (let stream = 0; stream < 32; stream++) { tryWrite(1, frame(stream)); tryWrite(2, frame(stream)); }
  return 'genuine';`,
        NODE_FRAME,
      ),
      python3: python(
        `
for stream in range(32):
    try_write(1, frame(stream))
    try_write(2, frame(stream))
return 'genuine'`,
        PYTHON_FRAME,
      ),
    },
    answers: isGenuine,
  },
  {
    row: 91,
    title: 'a result forged on the control connection is not believed',
    source: {
      nodejs20: node(
        `for (let fd = 3; fd < 48; fd++) tryWrite(fd, frame(1));
  await new Promise((resolve) => setTimeout(resolve, 200));
  return 'genuine';`,
        NODE_FRAME,
      ),
      python3: python(
        `
for fd in range(3, 48): try_write(fd, frame(1))
time.sleep(0.2)
return 'genuine'`,
        PYTHON_FRAME,
      ),
    },
    timeoutSeconds: 3,
    answers: isNotForged,
    endsContainer: true,
  },
  {
    row: 91,
    title: 'garbage on the control connection ends the container only',
    source: {
      nodejs20: node(
        `for (let fd = 3; fd < 48; fd++) tryWrite(fd, Buffer.alloc(4096, 0xff));
  await new Promise((resolve) => setTimeout(resolve, 200));
  return 'genuine';`,
        NODE_FRAME,
      ),
      python3: python(
        `
for fd in range(3, 48): try_write(fd, b'\\xff' * 4096)
time.sleep(0.2)
return 'genuine'`,
        PYTHON_FRAME,
      ),
    },
    timeoutSeconds: 3,
    answers: answersSomehow,
    endsContainer: true,
  },
  {
    row: 91,
    title: 'a second connection to the control socket is refused in either role',
    source: {
      nodejs20: node(`const { readFileSync } = require('node:fs');
  const token = /EASYFAAS_TOKEN=([^\\0]*)/.exec(readFileSync('/proc/self/environ', 'latin1'))?.[1] ?? '';
  const dial = (role) => new Promise((resolve) => {
    let got = '';
    const socket = require('node:net').connect('/run/easyfaas/controller.sock');
    const timer = setTimeout(() => socket.destroy(), 1500);
    socket.on('connect', () => socket.write('GET /v1/attach?role=' + role + '&protocol=1 HTTP/1.1\\r\\nHost: easyfaas\\r\\nConnection: Upgrade\\r\\nUpgrade: easyfaas/1\\r\\n\\r\\n'));
    socket.on('data', (data) => {
      got += data.toString('latin1');
      if (!got.includes(' 101 ')) return;
      const header = Buffer.from(JSON.stringify({ protocol: 1, role, pid: 1, runtime: 'nodejs20', runtimeVersion: 'x', token, initialized: true, inFlight: 0 }));
      const out = Buffer.alloc(11);
      out.writeUInt32BE(7 + header.length, 0);
      out.writeUInt8(1, 4);
      out.writeUInt16BE(header.length, 9);
      socket.write(Buffer.concat([out, header]));
    });
    socket.on('error', (error) => resolve(error.code));
    socket.on('close', () => { clearTimeout(timer); resolve(timer._destroyed && got.includes(' 101 ') ? 'closed ' + got.slice(0, 40) : 'closed'); });
    setTimeout(() => resolve('stayed open'), 1400);
  });
  return { runtime: await dial('runtime'), runner: await dial('runner'), tokenBytes: token.length };`),
      python3: python(`
import json, socket, struct
with open('/proc/self/environ', 'rb') as file:
    found = [each for each in file.read().split(b'\\0') if each.startswith(b'EASYFAAS_TOKEN=')]
token = found[0].split(b'=', 1)[1].decode() if found else ''
def dial(role):
    with socket.socket(socket.AF_UNIX) as dialled:
        dialled.settimeout(1.4)
        try:
            dialled.connect('/run/easyfaas/controller.sock')
            dialled.sendall(f'GET /v1/attach?role={role}&protocol=1 HTTP/1.1\\r\\nHost: easyfaas\\r\\nConnection: Upgrade\\r\\nUpgrade: easyfaas/1\\r\\n\\r\\n'.encode())
            if b' 101 ' not in dialled.recv(4096): return 'closed'
            header = json.dumps({'protocol': 1, 'role': role, 'pid': 1, 'runtime': 'python3', 'runtimeVersion': 'x', 'token': token, 'initialized': True, 'inFlight': 0}).encode()
            dialled.sendall(struct.pack('>IBIH', 7 + len(header), 1, 0, len(header)) + header)
            while dialled.recv(4096): pass
            return 'closed'
        except socket.timeout:
            return 'stayed open'
        except OSError as error:
            return type(error).__name__
return {'runtime': dial('runtime'), 'runner': dial('runner'), 'tokenBytes': len(token)}`),
    },
    timeoutSeconds: 8,
    answers: (answer) => {
      answersSomehow(answer);
      // Either the call goes on and both dials were refused, or the container was taken away for it.
      if (answer.status === 200 && answer.headers.get('x-easyfaas-function-error') === null) {
        const result = answer.json<Record<string, string>>();
        expect([result['runtime'], result['runner']]).not.toContain('stayed open');
      }
    },
  },
  {
    row: 101,
    title: 'there is no shared directory to put links or pipes into',
    source: {
      nodejs20: node(`const { symlinkSync, linkSync, mkdirSync } = require('node:fs');
  const codes = {};
  for (const folder of ['/run/easyfaas', '/var/task', '/opt/easyfaas']) {
    for (const [name, make] of [['symlink', () => symlinkSync('/etc/passwd', folder + '/x')], ['link', () => linkSync('/etc/passwd', folder + '/y')], ['mkdir', () => mkdirSync(folder + '/z')]]) {
      try {
        make();
        codes[folder + ' ' + name] = 'made';
      } catch (error) {
        codes[folder + ' ' + name] = error.code;
      }
    }
  }
  return codes;`),
      python3: python(`
import errno
codes = {}
for folder in ('/run/easyfaas', '/var/task', '/opt/easyfaas'):
    for name, make in (('symlink', lambda: os.symlink('/etc/passwd', folder + '/x')), ('fifo', lambda: os.mkfifo(folder + '/y')), ('unlink', lambda: os.unlink('/run/easyfaas/controller.sock'))):
        try:
            make()
            codes[folder + ' ' + name] = 'made'
        except OSError as error:
            codes[folder + ' ' + name] = errno.errorcode[error.errno]
return codes`),
    },
    answers: allRefused([...REFUSALS, 'EXDEV']),
  },
  {
    row: 100,
    title: 'no address, no name and no socket of the machine answers',
    source: {
      nodejs20: node(`const dial = (options) => new Promise((resolve) => {
    const socket = require('node:net').connect(options);
    socket.setTimeout(1500, () => { socket.destroy(); resolve('TIMEOUT'); });
    socket.on('connect', () => { socket.destroy(); resolve('connected'); });
    socket.on('error', (error) => resolve(error.code));
  });
  const codes = {};
  for (const host of ['172.17.0.1', '169.254.169.254', '127.0.0.1', '10.0.0.1', '::1', 'redis', 'controller', 'localhost.localdomain']) {
    codes[host] = await dial({ host, port: host === 'redis' ? 6379 : 8080 });
  }
  for (const path of ['/var/run/docker.sock', '/run/docker.sock', '/run/redis/redis.sock', '/var/lib/easyfaas/run/funclet.sock']) codes[path] = await dial({ path });
  return codes;`),
      python3: python(`
import errno, socket
codes = {}
def dial(name, family, address):
    with socket.socket(family) as dialled:
        dialled.settimeout(1.5)
        try:
            dialled.connect(address)
            codes[name] = 'connected'
        except socket.gaierror as error:
            codes[name] = 'EAI_AGAIN'
        except OSError as error:
            codes[name] = errno.errorcode.get(error.errno, 'TIMEOUT')
for host in ('172.17.0.1', '169.254.169.254', '127.0.0.1', '10.0.0.1', 'redis', 'controller'):
    dial(host, socket.AF_INET, (host, 6379 if host == 'redis' else 8080))
dial('::1', socket.AF_INET6, ('::1', 8080))
for path in ('/var/run/docker.sock', '/run/docker.sock', '/run/redis/redis.sock', '/var/lib/easyfaas/run/funclet.sock'):
    dial(path, socket.AF_UNIX, path)
return codes`),
    },
    timeoutSeconds: 30,
    answers: allRefused(['ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'ENOENT', 'EAI_AGAIN', 'ENOTFOUND', 'EACCES']),
  },
  {
    row: 104,
    title: 'a function cannot call itself, and is told so at once',
    source: {
      nodejs20: node(`return new Promise((resolve) => {
    require('node:http').get('http://127.0.0.1:8080/v1/functions/me/invocations').on('error', (error) => resolve(error.code)).on('response', () => resolve('answered'));
  });`),
      python3: python(`
import urllib.request, urllib.error
try:
    urllib.request.urlopen('http://127.0.0.1:8080/v1/functions/me/invocations', timeout=5)
    return 'answered'
except urllib.error.HTTPError: return 'answered'
except urllib.error.URLError as error: return 'ECONNREFUSED' if isinstance(error.reason, ConnectionRefusedError) else str(error.reason)`),
    },
    answers: returns((result) => expect(result).toBe('ECONNREFUSED')),
  },
];
