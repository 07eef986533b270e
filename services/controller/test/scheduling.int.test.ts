import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from './eventually';
import { type LocalAnswer, LocalController, type LocalOptions } from './support/local-controller';

const repository = resolve(__dirname, '../../..');
const WAIT = `exports.handler = ({ ms }) => new Promise((done) => setTimeout(done, ms, ms));`;
const HELLO = `exports.handler = async (event) => event;`;

let local: LocalController;
let folder: string;

async function start(options: LocalOptions = {}): Promise<LocalController> {
  local = new LocalController(options);
  await local.start();
  return local;
}

beforeAll(() => {
  execFileSync(process.execPath, [join(repository, 'scripts/build.mjs'), 'runner'], { stdio: ['ignore', 'ignore', 'inherit'] });
  folder = mkdtempSync(join(tmpdir(), 'ef-sched-'));
});
afterEach(async () => local.stop());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of the process that a function named as its result. */
function pidOf({ text }: LocalAnswer): number {
  const pid = Number(text);
  // 0 would be this test's own process group.
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`not a process id: ${text}`);
  return pid;
}
const container = (answer: LocalAnswer): string => answer.headers.get('x-easyfaas-container') ?? '';
const until = (condition: () => boolean, deadlineMs: number): Promise<void> =>
  eventually(() => {
    if (!condition()) throw new Error(`not within ${deadlineMs} ms: ${condition.toString()}`);
  }, deadlineMs);
/** A call that is cold now finds a container, so that the pool is not its reason. */
const untilSomeAreCold = (): Promise<void> =>
  until(() => local.engine.report.list().containers.some((each) => 'phase' in each && each.phase === 'cold'), 20_000);
/** The containers in which calls run. */
const holders = (): string[] => {
  const containers = local.engine.report.list().containers as { containerId: string; inFlight?: number }[];
  return containers.flatMap(({ containerId, inFlight = 0 }) => (inFlight > 0 ? [containerId] : []));
};
const coldReasons = (functionName: string): unknown[] =>
  local.records.filter((record) => record.functionName === functionName && record.start === 'cold').map(({ coldReason }) => coldReason);

describe('a container', () => {
  it('is replaced after its calls, and none of them fails', async () => {
    await start({ poolMin: 2, maxCalls: 4 });
    local.deploy('worn', { source: HELLO, concurrency: 2 });
    const answers: LocalAnswer[] = [];
    for (let n = 0; n < 6; n++) {
      await untilSomeAreCold();
      answers.push(...(await Promise.all([local.invoke('worn', n), local.invoke('worn', n)])));
    }
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200));
    const calls = new Map<string, number>();
    for (const answer of answers) calls.set(container(answer), (calls.get(container(answer)) ?? 0) + 1);
    expect(Math.max(...calls.values())).toBeLessThanOrEqual(4);
    expect(coldReasons('worn')).toContain('max calls');
  });

  it('is replaced when it is too old, after the call that runs in it', async () => {
    await start({ poolMin: 2, maxAgeMs: 100 });
    local.deploy('old', { source: WAIT, timeoutSeconds: 20 });
    const first = await local.invoke('old', { ms: 0 });
    const running = local.invoke('old', { ms: 4000 });
    await until(() => local.engine.report.list().containers.some((each) => 'phase' in each && each.phase === 'draining'), 10_000);
    const elsewhere = await local.invoke('old', { ms: 0 });
    expect(container(elsewhere)).not.toBe(container(first));
    expect(await running).toMatchObject({ status: 200, text: '4000' });
    expect(container(await running)).toBe(container(first));
    await until(() => !local.funclet.states().includes('warm'), 10_000);
    await untilSomeAreCold();
    await local.invoke('old', { ms: 0 });
    expect(coldReasons('old').at(-1)).toBe('max age');
  });
});

describe('why a call was cold', () => {
  it('is in its record: first call, busy, version changed, unhealthy', async () => {
    await start({ poolMin: 3 });
    await until(() => local.funclet.states().filter((state) => state === 'cold').length === 3, 10_000);
    local.deploy('f', { source: WAIT });
    await local.invoke('f', { ms: 0 });
    await Promise.all([local.invoke('f', { ms: 300 }), local.invoke('f', { ms: 300 })]);
    local.deploy('f', { source: `exports.handler = async ({ code }) => (code === undefined ? 1 : process.exit(code));` });
    await local.invoke('f', {});
    await local.invoke('f', { code: 1 });
    await untilSomeAreCold();
    await local.invoke('f', {});
    expect(coldReasons('f')).toEqual(['first call', 'busy', 'version changed', 'unhealthy']);
  });

  it('is in its record: pool empty', async () => {
    await start({ poolMin: 0 });
    local.deploy('f', { source: HELLO });
    await local.invoke('f');
    expect(coldReasons('f')).toEqual(['pool empty']);
  });

  it('names no function of another account', async () => {
    await start({ poolMin: 1, poolMax: 1 });
    local.deploy('mine', { source: HELLO });
    local.deploy('theirs', { source: HELLO, accountId: 'other' });
    for (const name of ['mine', 'theirs', 'mine']) expect((await local.invoke(name)).status).toBe(200);
    expect(coldReasons('mine').at(-1)).toBe('evicted for nodejs20');
  });
});

describe('two accounts', () => {
  it('share a small pool: the flood of one fails no call of the other', async () => {
    await start({ poolMin: 1, poolMax: 3, lineLimit: 20 });
    local.deploy('modest', { source: WAIT, accountId: 'modest' });
    const names = Array.from({ length: 6 }, (_, n) => `flood${n}`);
    for (const name of names) local.deploy(name, { source: WAIT, accountId: 'flood' });
    let isOver = false;
    const flood = names.flatMap((name) =>
      [1, 2, 3, 4].map(async () => {
        const statuses = new Set<number>();
        while (!isOver) {
          const { status } = await local.invoke(name, { ms: 20 });
          statuses.add(status);
          if (status !== 200) await new Promise((done) => setTimeout(done, 50));
        }
        return [...statuses];
      }),
    );
    await until(() => local.funclet.states().filter((state) => state === 'warm').length === 3, 20_000);
    const statuses: number[] = [];
    for (let n = 0; n < 30; n++) statuses.push((await local.invoke('modest', { ms: 5 })).status);
    isOver = true;
    const others = new Set((await Promise.all(flood)).flat());
    expect(statuses).toEqual(Array.from({ length: 30 }, () => 200));
    // It keeps what it got: not one of the others may take it away while it is in use.
    expect(coldReasons('modest')).toHaveLength(1);
    expect([...others].filter((status) => status !== 200 && status !== 429)).toEqual([]);
  }, 60_000);
});

describe('an overload', () => {
  it('is refused while everything is occupied, with reason and time, and what was accepted is served', async () => {
    await start({ poolMin: 1, poolMax: 1, lineLimit: 5, waitMs: 30_000 });
    const gate = join(folder, 'gate');
    const source = `const fs = require('node:fs');
      exports.handler = async ({ gate }) => { while (gate && !fs.existsSync(gate)) await new Promise((done) => setTimeout(done, 20)); return 'served'; };`;
    local.deploy('full', { source, timeoutSeconds: 60 });
    await local.invoke('full');
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const accepted = Array.from({ length: 6 }, () => local.invoke('full', { gate }));
    await until(() => local.engine.admitted() === 6, 10_000);
    const timersBefore = timers();
    // Nothing can come free before the gate opens: these answers do not wait for anything.
    const refused = await Promise.all(Array.from({ length: 200 }, () => local.invoke('full', { gate })));
    for (const { status, headers } of refused) {
      expect(status).toBe(429);
      expect(headers.get('reason')).toBe('WaitingLineFull');
      const seconds = Number(headers.get('retry-after'));
      expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60).toBe(true);
    }
    expect(local.engine.admitted()).toBe(6);
    expect(timers()).toBeLessThan(timersBefore + 20);
    execFileSync('touch', [gate]);
    expect((await Promise.all(accepted)).map(({ text }) => text)).toEqual(Array.from({ length: 6 }, () => '"served"'));
  });
});

describe('a container that dies', () => {
  const traces = (): string[] => readdirSync(folder).filter((name) => name.startsWith('ran-'));
  /** Leaves a file for each time that it begins. */
  const source = (): string => `const fs = require('node:fs');
    exports.handler = async ({ ms }) => {
      if (ms !== undefined) fs.writeFileSync('${folder}/ran-' + Math.random(), '');
      await new Promise((done) => setTimeout(done, ms ?? 0));
      return process.pid;
    };`;
  beforeEach(() => {
    for (const name of traces()) rmSync(join(folder, name));
  });

  it('before a call was delivered: the call is served by another one, once', async () => {
    await start({ poolMin: 2 });
    local.deploy('fragile', { source: source(), timeoutSeconds: 20 });
    const first = await local.invoke('fragile');
    const pid = pidOf(first);
    // It stands still: what is sent stays unread in its socket.
    process.kill(pid, 'SIGSTOP');
    const call = local.invoke('fragile', { ms: 10 });
    await until(() => holders().length === 1, 10_000);
    expect(holders()).toEqual([container(first)]);
    await new Promise((done) => setTimeout(done, 50));
    expect(traces()).toEqual([]);
    process.kill(pid, 'SIGKILL');
    const answer = await call;
    expect(answer.status).toBe(200);
    expect(container(answer)).not.toBe(container(first));
    expect(traces()).toHaveLength(1);
    expect(local.records.filter(({ requestId }) => requestId === answer.headers.get('x-easyfaas-request-id'))).toHaveLength(1);
  });

  it('after the call was delivered: the caller is told, and the call is not run again', async () => {
    await start({ poolMin: 2 });
    local.deploy('fragile', { source: source(), timeoutSeconds: 20 });
    const pid = pidOf(await local.invoke('fragile'));
    const call = local.invoke('fragile', { ms: 15_000 });
    await until(() => traces().length === 1, 10_000);
    process.kill(pid, 'SIGKILL');
    const answer = await call;
    expect(answer.headers.get('x-easyfaas-function-error')).toBe('Unhandled');
    expect(JSON.parse(answer.text)).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect((await local.invoke('fragile')).status).toBe(200);
    expect(traces()).toHaveLength(1);
    expect(existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z').toBe(false);
  });

  it('twice before one call was delivered: the caller is told', async () => {
    await start({ poolMin: 2 });
    local.deploy('fragile', { source: source(), timeoutSeconds: 20 });
    const both = await Promise.all([local.invoke('fragile', { ms: 300 }), local.invoke('fragile', { ms: 300 })]);
    const pids = new Map(both.map((answer) => [container(answer), pidOf(answer)]));
    expect(pids.size).toBe(2);
    for (const pid of pids.values()) process.kill(pid, 'SIGSTOP');
    const unlucky = local.invoke('fragile');
    for (let turn = 0; turn < 2; turn++) {
      const holding = (): string[] => holders().filter((containerId) => pids.has(containerId));
      await until(() => holding().length === 1, 10_000);
      await new Promise((done) => setTimeout(done, 50));
      const [containerId = ''] = holding();
      const pid = pids.get(containerId);
      if (pid === undefined) throw new Error('no container holds the call');
      pids.delete(containerId);
      process.kill(pid, 'SIGKILL');
    }
    const answer = await unlucky;
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('RUNTIME_LOST');
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  });
});
