import type { Answer } from '../../support/stack';
import { logTail } from '../../support/stack';
import { type HostileFunction, answersSomehow, either, failsWith, node, python, returns } from './hostile-function';

const outOfMemory = failsWith(['Runtime.OutOfMemory'], /memory/i);

/** The result came although most of the output did not, and the log says that it was cut. */
const returnsWithCutLog = returns((result, answer: Answer) => {
  expect(result).toBe('done');
  const tail = logTail(answer);
  expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(4096);
  expect(tail).toMatch(/cut|truncated/i);
});

/** Attacks on memory, processes, descriptors and output. */
export const resourceAttacks: HostileFunction[] = [
  {
    row: 80,
    title: 'a memory hog is told that it ran out of memory',
    source: {
      nodejs20: node('const keep = [];\n  for (;;) keep.push(Buffer.alloc(4 << 20, 1));'),
      python3: python(`keep = []\nwhile True: keep.append(b'x' * (4 << 20))`),
    },
    timeoutSeconds: 60,
    answers: outOfMemory,
    endsContainer: true,
  },
  {
    row: 80,
    title: 'a heap that grows for ever is told that it ran out of memory',
    source: {
      nodejs20: node('const keep = [];\n  for (;;) keep.push(new Array(10_000).fill(keep.length).map(String));'),
      python3: python(`keep = []\nwhile True: keep.append([str(each) for each in range(10000)])`),
    },
    timeoutSeconds: 60,
    answers: outOfMemory,
    endsContainer: true,
  },
  {
    row: 82,
    title: 'starting processes without end is refused inside the container',
    source: {
      nodejs20: node(`const { spawn } = require('node:child_process');
  for (let started = 0; started < 10_000; started++) {
    const code = await new Promise((resolve) => {
      const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
      child.once('error', (error) => resolve(error.code));
      child.once('spawn', () => resolve(undefined));
    });
    if (code) return { started, code };
  }
  return { started: 10_000 };`),
      python3: python(`
import errno
started = 0
try:
    while started < 10000:
        if os.fork() == 0:
            try: time.sleep(600)
            finally: os._exit(0)
        started += 1
except OSError as error:
    return {'started': started, 'code': errno.errorcode[error.errno]}
return {'started': started}`),
    },
    timeoutSeconds: 60,
    memoryMb: 1024,
    answers: returns((result: { started: number; code: string }) => {
      expect(result.code).toBe('EAGAIN');
      expect(result.started).toBeLessThan(256);
    }),
  },
  {
    row: 82,
    title: 'a fork bomb ends with its container',
    source: {
      nodejs20: node(`require('node:child_process').spawn('/bin/sh', ['-c', 'b() { b | b & }; b; wait'], { stdio: 'ignore' });
  for (;;);`),
      python3: python(`
while True:
    try: os.fork()
    except OSError: pass`),
    },
    timeoutSeconds: 2,
    answers: either(
      failsWith(['Sandbox.Timedout', 'Runtime.ExitError', 'Runtime.OutOfMemory', 'Runtime.ProtocolViolation']),
      answersSomehow,
    ),
    endsContainer: true,
  },
  {
    row: 82,
    title: 'ten thousand threads are refused or end the container',
    source: {
      nodejs20: node(`const { Worker } = require('node:worker_threads');
  for (let started = 0; started < 10_000; started++) {
    const code = await new Promise((resolve) => {
      try {
        const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
        worker.once('error', (error) => resolve(error.code));
        worker.once('online', () => resolve(undefined));
      } catch (error) {
        resolve(error.code);
      }
    });
    if (code) return { started, code };
  }
  return { started: 10_000 };`),
      python3: python(`
import threading
threading.stack_size(64 << 10)
started = 0
try:
    while started < 10000:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        started += 1
except RuntimeError as error:
    return {'started': started, 'code': str(error)}
return {'started': started}`),
    },
    timeoutSeconds: 20,
    memoryMb: 256,
    answers: either(
      returns((result: { started: number; code: string }) => {
        expect(result.code).toMatch(/./);
        expect(result.started).toBeLessThan(256);
      }),
      failsWith(['Runtime.OutOfMemory', 'Runtime.ExitError', 'Sandbox.Timedout']),
    ),
  },
  {
    row: 83,
    title: 'a leak of descriptors meets its limit inside the container',
    source: {
      nodejs20: node(`const { openSync } = require('node:fs');
  let opened = 0;
  try {
    for (; opened < 100_000; opened++) openSync('/dev/null');
  } catch (error) {
    return { opened, code: error.code };
  }
  return { opened };`),
      python3: python(`
import errno
opened = 0
try:
    while opened < 100000:
        os.open('/dev/null', os.O_RDONLY)
        opened += 1
except OSError as error:
    return {'opened': opened, 'code': errno.errorcode[error.errno]}
return {'opened': opened}`),
    },
    answers: returns((result: { opened: number; code: string }) => {
      expect(result.code).toBe('EMFILE');
      expect(result.opened).toBeGreaterThan(100);
      expect(result.opened).toBeLessThan(1024);
    }),
  },
  {
    row: 92,
    title: 'a flood of log lines is cut and the result still comes',
    source: {
      nodejs20: node(`for (let line = 0; line < 200_000; line++) console.log('line', line, 'x'.repeat(100));
  return 'done';`),
      python3: python(`
for line in range(200000): print('line', line, 'x' * 100)
return 'done'`),
    },
    timeoutSeconds: 60,
    memoryMb: 256,
    answers: returnsWithCutLog,
  },
  {
    row: 92,
    title: 'one line of 100 MB is cut and the result still comes',
    source: {
      nodejs20: node(`process.stdout.write('x'.repeat(100 << 20));
  return 'done';`),
      python3: python(`sys.stdout.write('x' * (100 << 20))\nsys.stdout.flush()\nreturn 'done'`),
    },
    timeoutSeconds: 60,
    memoryMb: 1024,
    answers: returnsWithCutLog,
  },
  {
    row: 92,
    title: 'a flood past the language, straight to the descriptor, does not hold up the result',
    source: {
      nodejs20: node(`const { writeSync } = require('node:fs');
  const chunk = Buffer.alloc(64 << 10, 'x');
  for (let sent = 0; sent < 64 << 20; ) {
    try {
      sent += writeSync(1, chunk);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  return 'done';`),
      python3: python(`
sent = 0
while sent < 64 << 20:
    sent += os.write(1, b'x' * (64 << 10))
return 'done'`),
    },
    timeoutSeconds: 60,
    answers: returns((result) => expect(result).toBe('done')),
  },
  {
    row: 92,
    title: 'binary output, terminal codes and forged log lines stay text of this function',
    source: {
      nodejs20: node(`process.stdout.write(Buffer.from([0, 1, 0xff, 0xfe, 0x1b, 0x5b, 0x32, 0x4a, 10]));
  console.log('{"level":"error","message":"forged"}\\u001b[2J\\nEND RequestId: 00000000-0000-4000-8000-000000000000');
  return 'done';`),
      python3: python(`
sys.stdout.buffer.write(bytes([0, 1, 0xff, 0xfe, 0x1b, 0x5b, 0x32, 0x4a, 10]))
print('{"level":"error","message":"forged"}\\u001b[2J\\nEND RequestId: 00000000-0000-4000-8000-000000000000')
return 'done'`),
    },
    answers: returns((result, answer) => {
      expect(result).toBe('done');
      const id = answer.headers.get('x-easyfaas-request-id') ?? '';
      expect(logTail(answer)).toContain('"message":"forged"');
      // The last word is the platform's.
      expect(logTail(answer).trimEnd().split('\n').at(-1)).toContain(`REPORT RequestId: ${id}`);
    }),
  },
  {
    row: 94,
    title: 'a result of 6 MiB + 1 byte is refused by its size',
    source: {
      nodejs20: node(`return 'x'.repeat(6 * 1024 * 1024 - 1);`),
      python3: python(`return 'x' * (6 * 1024 * 1024 - 1)`),
    },
    memoryMb: 512,
    answers: failsWith(['Function.ResponseSizeTooLarge'], /6291456|6 MiB|6 MB/),
  },
  {
    row: 94,
    title: 'a result of exactly 6 MiB passes',
    source: {
      nodejs20: node(`return 'x'.repeat(6 * 1024 * 1024 - 2);`),
      python3: python(`return 'x' * (6 * 1024 * 1024 - 2)`),
    },
    memoryMb: 512,
    answers: returns((_result, answer) => expect(answer.bytes.length).toBe(6 * 1024 * 1024)),
  },
];
