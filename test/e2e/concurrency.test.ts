import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { type Answer, type Language, call, deploy, invoke, logTail, removeDeployments } from '../support/stack';

afterAll(removeDeployments);

const CALLS = 10;

/** Every call waits until all of them are inside at once; alone it would wait until its limit. */
const MEETING: Record<Language, string> = {
  nodejs20: `
let inside = 0;
let open;
const all = new Promise((resolve) => { open = resolve; });
exports.handler = async ({ mark, wanted }) => {
  if (!wanted) return 'warm';
  console.log(mark, 'came');
  if (++inside === wanted) open();
  await all;
  for (let line = 0; line < 5; line++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(mark, 'line', line);
  }
  return mark;
};`,
  python3: `
import threading, time
inside = 0
lock = threading.Lock()
everybody = threading.Event()
def handler(event, context):
    global inside
    if 'wanted' not in event: return 'warm'
    print(event['mark'], 'came')
    with lock:
        inside += 1
        if inside == event['wanted']: everybody.set()
    everybody.wait()
    for line in range(5):
        time.sleep(0.005)
        print(event['mark'], 'line', line)
    return event['mark']
`,
};

const ASYNC_PYTHON = `
import asyncio
inside = 0
everybody = None
async def handler(event, context):
    global inside, everybody
    if 'wanted' not in event: return 'warm'
    everybody = everybody or asyncio.Event()
    print(event['mark'], 'came')
    inside += 1
    if inside == event['wanted']: everybody.set()
    await everybody.wait()
    for line in range(5):
        await asyncio.sleep(0.005)
        print(event['mark'], 'line', line)
    return event['mark']
`;

describe('one container with a quota of ten', () => {
  it.each<[string, Language, string]>([
    ['Node.js', 'nodejs20', MEETING.nodejs20],
    ['Python threads', 'python3', MEETING.python3],
    ['asyncio', 'python3', ASYNC_PYTHON],
  ])('runs ten calls of %s at once, and tells their logs apart', async (_title, runtime, source) => {
    const name = await deploy({ runtime, source, concurrency: CALLS, timeoutSeconds: 20, memoryMb: 256 });
    const warm = await invoke(name);
    expect(warm.text).toBe('"warm"');

    const marks = Array.from({ length: CALLS }, (_, index) => `mark-${index}-`);
    const answers = await Promise.all(marks.map((mark) => invoke(name, { mark, wanted: CALLS }, { headers: { 'Log-Type': 'Tail' } })));

    expect(answers.map(({ text }) => text)).toEqual(marks.map((mark) => JSON.stringify(mark)));
    expect(new Set(answers.map(containerOf))).toEqual(new Set([containerOf(warm)]));
    answers.forEach((answer, index) => {
      const mine = marks[index] ?? '';
      const lines = logTail(answer).trimEnd().split('\n');
      const said = lines.filter((line) => line.includes('mark-')).map((line) => line.slice(line.indexOf('mark-')));
      expect(said).toEqual([`${mine} came`, ...[0, 1, 2, 3, 4].map((line) => `${mine} line ${line}`)]);
      const id = answer.headers.get('x-easyfaas-request-id') ?? '';
      expect(lines[0]).toContain(`START RequestId: ${id}`);
      expect(lines.at(-1)).toContain(`REPORT RequestId: ${id}`);
    });
  });

  it('sends the eleventh call elsewhere or lets it wait, and never over the quota', async () => {
    const name = await deploy({
      source: `let inside = 0;\nlet most = 0;\nexports.handler = async () => { most = Math.max(most, ++inside); await new Promise((resolve) => setTimeout(resolve, 50)); inside--; return most; };`,
      concurrency: 3,
      timeoutSeconds: 20,
    });
    const answers = await Promise.all(Array.from({ length: 24 }, () => invoke(name)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 24 }, () => 200));
    expect(Math.max(...answers.map(({ text }) => Number(text)))).toBeLessThanOrEqual(3);
  });
});

/** All calls are inside at once; one of them works for as long as the others sleep. */
const SHARES: Record<'Node.js' | 'Python threads' | 'asyncio', { runtime: Language; source: string }> = {
  'Node.js': {
    runtime: 'nodejs20',
    source: `
const { setTimeout: sleep } = require('node:timers/promises');
let inside = 0;
let open;
const all = new Promise((resolve) => { open = resolve; });
exports.handler = async ({ wanted, workMs, sleepMs }) => {
  if (!wanted) return 'warm';
  if (++inside === wanted) open();
  await all;
  if (workMs === 0) { await sleep(sleepMs); return inside; }
  const startUs = process.cpuUsage().user;
  while (process.cpuUsage().user - startUs < workMs * 1000) { for (let n = 0; n < 1e5; n++); await new Promise(setImmediate); }
  return inside;
};`,
  },
  'Python threads': {
    runtime: 'python3',
    source: `
import threading, time
inside = 0
lock = threading.Lock()
everybody = threading.Event()
def handler(event, context):
    global inside
    if 'wanted' not in event: return 'warm'
    with lock:
        inside += 1
        if inside == event['wanted']: everybody.set()
    everybody.wait()
    if event['workMs'] == 0:
        time.sleep(event['sleepMs'] / 1000)
    else:
        start = time.thread_time()
        while time.thread_time() - start < event['workMs'] / 1000: sum(range(1000))
    return inside
`,
  },
  asyncio: {
    runtime: 'python3',
    source: `
import asyncio, time
inside = 0
everybody = None
async def work(ms):
    start = time.thread_time()
    while time.thread_time() - start < ms / 1000:
        sum(range(100000))
        await asyncio.sleep(0)
async def handler(event, context):
    global inside, everybody
    if 'wanted' not in event: return 'warm'
    everybody = everybody or asyncio.Event()
    inside += 1
    if inside == event['wanted']: everybody.set()
    await everybody.wait()
    if event['workMs'] == 0: await asyncio.sleep(event['sleepMs'] / 1000)
    else: await asyncio.gather(work(event['workMs']), asyncio.sleep(0))
    return inside
`,
  },
};

describe('calls that share a container', () => {
  it.each(Object.entries(SHARES))('have each its own processor time, duration and memory in the record: %s', async (_title, shared) => {
    const name = await deploy({ ...shared, concurrency: CALLS, timeoutSeconds: 30, memoryMb: 256 });
    expect((await invoke(name)).text).toBe('"warm"');
    const works = Array.from({ length: CALLS }, (_, index) => (index === 0 ? 400 : 0));
    const answers = await Promise.all(works.map((workMs, index) => invoke(name, { wanted: CALLS, workMs, sleepMs: 20 + 100 * index })));
    expect(answers.map(({ text }) => text)).toEqual(works.map(() => String(CALLS)));
    const ids = answers.map(({ headers }) => headers.get('x-easyfaas-request-id') ?? '');
    const records = await eventually(async () => {
      const found = await Promise.all(ids.map((id) => call(`/v1/invocations/${id}`)));
      expect(found.map(({ status }) => status)).toEqual(ids.map(() => 200));
      return found.map((answer) => answer.json<InvocationRecord>());
    }, 20_000);
    expect(new Set(records.map(({ containerId }) => containerId)).size).toBe(1);
    const [worker, ...sleepers] = records;
    // The one that worked for 400 ms has them, and none of those beside it, which only slept.
    expect(worker?.cpuMs).toBeGreaterThan(300);
    for (const { cpuMs } of sleepers) expect(cpuMs).toBeLessThan(150);
    sleepers.forEach(({ stages, maxMemoryMb }, index) => {
      expect(stages.invokeMs).toBeGreaterThanOrEqual(100 * (index + 1));
      expect(maxMemoryMb).toBeGreaterThan(5);
      expect(maxMemoryMb).toBeLessThanOrEqual(256);
    });
  });
});

describe('containers with the usual quota of one', () => {
  it.each<Language>(['nodejs20', 'python3'])('never run two calls of %s at once', async (runtime) => {
    const source = {
      nodejs20: `let inside = 0;\nexports.handler = async () => { const others = inside++; await new Promise((resolve) => setTimeout(resolve, 30)); inside--; return others; };`,
      python3: `import time\ninside = 0\ndef handler(event, context):\n    global inside\n    others = inside\n    inside += 1\n    time.sleep(0.03)\n    inside -= 1\n    return others\n`,
    };
    const name = await deploy({ runtime, source: source[runtime], timeoutSeconds: 20 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => invoke(name)));
    expect(answers.map(({ status, text }) => `${status} ${text}`)).toEqual(Array.from({ length: 12 }, () => '200 0'));
  });

  it('serve calls of several functions that come all at once', async () => {
    const names = await Promise.all(
      [1, 2, 3, 4].map((index) => deploy({ source: `exports.handler = async () => ${index};`, timeoutSeconds: 20 })),
    );
    const answers = await Promise.all(names.flatMap((name) => [invoke(name), invoke(name), invoke(name)]));
    expect(answers.map(({ text }) => text)).toEqual(['1', '1', '1', '2', '2', '2', '3', '3', '3', '4', '4', '4']);
    const functionsByContainer = new Map<string | null, Set<string>>();
    answers.forEach((answer) => {
      const functions = functionsByContainer.get(containerOf(answer)) ?? new Set();
      functionsByContainer.set(containerOf(answer), functions.add(answer.text));
    });
    expect([...functionsByContainer.values()].map(({ size }) => size)).toEqual([...functionsByContainer].map(() => 1));
  });
});

function containerOf(answer: Answer): string | null {
  return answer.headers.get('x-easyfaas-container');
}
