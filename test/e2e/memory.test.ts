import { eventually } from '../support/eventually';
import { type Answer, type Language, callJson, deploy, docker, invoke, poolContainers, removeDeployments } from '../support/stack';

afterAll(removeDeployments);

const MIB = 1024 * 1024;

/** Takes `event.mb` MB in pieces of 4 MB and touches all of them. */
const TAKES: Record<Language, string> = {
  nodejs20: `exports.handler = async ({ mb }) => { const keep = []; while (keep.length * 4 < mb) keep.push(Buffer.alloc(4 << 20, 1)); return keep.length * 4; };`,
  python3: `def handler(event, context):\n    keep = []\n    while len(keep) * 4 < event['mb']: keep.append(b'x' * (4 << 20))\n    return len(keep) * 4\n`,
};

/** The limit that Docker shows for the container of an answer, bytes: memory, and memory with swap. */
async function limitsOf(answer: Answer): Promise<string> {
  const containerId = answer.headers.get('x-easyfaas-container');
  const view = (await poolContainers()).find((each) => each.containerId === containerId);
  return docker(
    'inspect',
    '--format',
    '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}',
    view?.dockerId ?? `no container ${containerId}`,
  );
}

describe.each<Language>(['nodejs20', 'python3'])('the memory of a function of %s', (runtime) => {
  it.each([128, 200, 512, 1024])('of %i MB is the limit of its container, also in the eyes of Docker', async (memoryMb) => {
    const name = await deploy({ runtime, source: TAKES[runtime], memoryMb, timeoutSeconds: 30 });
    const answer = await invoke(name, { mb: 4 });
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '4' });
    await eventually(async () => expect(await limitsOf(answer)).toBe(`${memoryMb * MIB} ${memoryMb * MIB}`), 15_000, 250);
  });

  it('lets 512 MB hold 300 MB, and refuses them at 128 MB in clear words', async () => {
    const roomy = await deploy({ runtime, source: TAKES[runtime], memoryMb: 512, timeoutSeconds: 60 });
    const fits = await invoke(roomy, { mb: 300 });
    expect({ status: fits.status, text: fits.text }).toEqual({ status: 200, text: '300' });

    const tight = await deploy({ runtime, source: TAKES[runtime], memoryMb: 128, timeoutSeconds: 60 });
    const refused = await invoke(tight, { mb: 300 });
    expect({ status: refused.status, error: refused.headers.get('x-easyfaas-function-error') }).toEqual({
      status: 200,
      error: 'Unhandled',
    });
    expect(refused.json()).toMatchObject({ errorType: 'Runtime.OutOfMemory', errorMessage: expect.stringMatching(/128 MB/) as string });
    const next = await invoke(tight, { mb: 4 });
    expect({ status: next.status, text: next.text }).toEqual({ status: 200, text: '4' });
    expect(next.headers.get('x-easyfaas-container')).not.toBe(refused.headers.get('x-easyfaas-container'));
  }, 150_000);

  it('that is raised is there for the very next call', async () => {
    const name = await deploy({ runtime, source: TAKES[runtime], memoryMb: 128, timeoutSeconds: 60 });
    expect((await invoke(name, { mb: 300 })).json()).toMatchObject({ errorType: 'Runtime.OutOfMemory' });
    const updated = await callJson('PUT', `/v1/functions/${name}/configuration`, { MemorySize: 512 });
    expect(updated.status).toBe(200);
    expect((await invoke(name, { mb: 300 })).text).toBe('300');
  }, 150_000);
});

interface Filled {
  written: number;
  code: string;
}

/** Writes `event.mb` MB to /tmp and takes them away again. Answers how many there was room for, and what stopped it. */
const FILLS: Record<Language, string> = {
  nodejs20: `const fs = require('fs');
const piece = Buffer.alloc(1 << 20, 1);
exports.handler = async ({ mb }) => {
  const file = fs.openSync('/tmp/full', 'w');
  let written = 0, code = 'none';
  try { for (; written < mb; written++) fs.writeSync(file, piece); } catch (error) { code = error.code; }
  fs.closeSync(file);
  fs.unlinkSync('/tmp/full');
  return { written, code };
};`,
  python3: `import errno, os
piece = b'x' * (1 << 20)
def handler(event, context):
    written, code = 0, 'none'
    file = os.open('/tmp/full', os.O_CREAT | os.O_WRONLY)
    try:
        while written < event['mb']:
            os.write(file, piece)
            written += 1
    except OSError as error:
        code = errno.errorcode[error.errno]
    os.close(file)
    os.unlink('/tmp/full')
    return {'written': written, 'code': code}
`,
};

describe.each<Language>(['nodejs20', 'python3'])('the ephemeral storage of a function of %s', (runtime) => {
  it('holds what it says and no more', async () => {
    const name = await deploy({ runtime, source: FILLS[runtime], memoryMb: 256, storageMb: 128, timeoutSeconds: 60 });
    expect((await invoke(name, { mb: 124 })).json()).toEqual({ written: 124, code: 'none' });
    const full = (await invoke(name, { mb: 200 })).json<Filled>();
    expect(full.code).toBe('ENOSPC');
    expect(full.written).toBeGreaterThanOrEqual(124);
    expect(full.written).toBeLessThanOrEqual(128);
    expect((await invoke(name, { mb: 124 })).json()).toEqual({ written: 124, code: 'none' });
  }, 150_000);

  it('is the default again from when it is set back, in another container', async () => {
    const name = await deploy({ runtime, source: FILLS[runtime], memoryMb: 256, storageMb: 128, timeoutSeconds: 60 });
    const first = await invoke(name, { mb: 100 });
    expect(first.json()).toEqual({ written: 100, code: 'none' });
    const updated = await callJson('PUT', `/v1/functions/${name}/configuration`, { EphemeralStorage: { Size: 64 } });
    expect(updated.status).toBe(200);
    const next = await invoke(name, { mb: 100 });
    const full = next.json<Filled>();
    expect(full.code).toBe('ENOSPC');
    expect(full.written).toBeLessThanOrEqual(64);
    expect(next.headers.get('x-easyfaas-container')).not.toBe(first.headers.get('x-easyfaas-container'));
  }, 150_000);
});

describe('the heap of V8', () => {
  it('lets a function of 512 MB hold 300 MB of objects', async () => {
    const name = await deploy({
      source: `exports.handler = async () => { const keep = []; while (process.memoryUsage().heapUsed < 300 << 20) keep.push(new Array(1000).fill(keep.length).map((each) => 'text ' + each)); return keep.length > 0; };`,
      memoryMb: 512,
      timeoutSeconds: 60,
    });
    const answer = await invoke(name);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: 'true' });
  }, 90_000);

  it('may end the process where the kernel sees no want of memory: that is a want of memory all the same', async () => {
    const name = await deploy({
      // V8 gives up on a table that is larger than any may be; it takes 260 MB until then.
      source: `exports.handler = async () => { const many = new Array(2 ** 25).fill(1.5); many[2 ** 27] = 1; return many.length; };`,
      memoryMb: 1024,
      timeoutSeconds: 60,
    });
    const answer = await invoke(name);
    expect({ status: answer.status, error: answer.headers.get('x-easyfaas-function-error') }).toEqual({ status: 200, error: 'Unhandled' });
    expect(answer.json()).toMatchObject({ errorType: 'Runtime.OutOfMemory', errorMessage: expect.stringMatching(/1024 MB/) as string });
  }, 90_000);

  it('collects garbage in time in a function of 128 MB', async () => {
    const name = await deploy({
      source: `exports.handler = async () => { let length = 0; for (let round = 0; round < 400; round++) length += new Array(100_000).fill(round).map((each) => ({ each })).length; return length; };`,
      memoryMb: 128,
      timeoutSeconds: 120,
    });
    const answer = await invoke(name, {}, { timeoutMs: 150_000 });
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '40000000' });
  }, 180_000);
});
