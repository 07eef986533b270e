import { type Answer, type Language, deploy, invoke, logTail, removeDeployments } from '../support/stack';

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
