import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { eventually } from './eventually';
import { LocalController, type LocalOptions } from './support/local-controller';

const repository = resolve(__dirname, '../../..');
/** Counts in the background; answers what it has counted. */
const COUNTER = `let count = 0; setInterval(() => count++, 5); exports.handler = async () => ({ pid: process.pid, count });`;

let local: LocalController;
async function start(options: LocalOptions = {}): Promise<void> {
  local = new LocalController({ pauseAfterMs: 100, ...options });
  await local.start();
}

beforeAll(() => {
  execFileSync(process.execPath, [join(repository, 'scripts/build.mjs'), 'runner'], { stdio: ['ignore', 'ignore', 'inherit'] });
});
afterEach(async () => local.stop());

const paused = (): number => local.funclet.states().filter((state) => state === 'paused').length;
const untilPaused = (count = 1): Promise<void> => eventually(() => expect(paused()).toBe(count), 20_000);

interface Counted {
  start: string | null;
  pid: number;
  count: number;
}

async function count(name = 'counter'): Promise<Counted> {
  const answer = await local.invoke(name);
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
  return { ...(JSON.parse(answer.text) as { pid: number; count: number }), start: answer.headers.get('x-easyfaas-start') };
}

describe('an idle container', () => {
  it('is frozen, and thawed for the next call, which is a warm one in the same process', async () => {
    await start();
    local.deploy('counter', { source: COUNTER });
    const first = await count();
    for (let round = 0; round < 3; round++) {
      await untilPaused();
      expect(await count()).toMatchObject({ start: 'warm', pid: first.pid });
    }
    expect(local.funclet.freezes.slice(0, 6)).toEqual(['pause', 'resume', 'pause', 'resume', 'pause', 'resume']);
  });

  it('is not frozen where that is switched off', async () => {
    await start({ pauseAfterMs: Infinity });
    local.deploy('counter', { source: COUNTER });
    await count();
    await new Promise((done) => setTimeout(done, 1500));
    expect(paused()).toBe(0);
  });

  it('is not frozen while a call runs in it', async () => {
    await start({ pauseAfterMs: 1000 });
    local.deploy('slow', { source: `exports.handler = () => new Promise((done) => setTimeout(() => done('slept'), 2500));` });
    expect((await local.invoke('slow')).text).toBe('"slept"');
    expect(local.funclet.freezes).toEqual([]);
    await untilPaused();
  });

  it('that is frozen at once loses no call, however the calls fall', async () => {
    await start({ pauseAfterMs: 0, poolMin: 2 });
    local.deploy('counter', { source: COUNTER });
    for (let round = 0; round < 40; round++) {
      await new Promise((done) => setTimeout(done, (round * 7) % 60));
      await Promise.all([count(), count()]);
    }
    expect(local.funclet.freezes.length).toBeGreaterThan(0);
  }, 30_000);

  it('is not taken for a silent one while it is frozen', async () => {
    await start();
    local.deploy('counter', { source: COUNTER });
    const { pid } = await count();
    await untilPaused();
    const untilMs = Date.now() + 9000;
    await eventually(() => expect(Date.now()).toBeGreaterThan(untilMs), 15_000);
    expect(await count()).toMatchObject({ start: 'warm', pid });
  }, 30_000);

  it('is destroyed frozen when its function changes, and when it was idle too long', async () => {
    await start({ idleTimeoutMs: 4000 });
    local.deploy('counter', { source: COUNTER });
    const { pid } = await count();
    await untilPaused();
    local.deploy('counter', { source: COUNTER });
    await eventually(() => expect(paused()).toBe(0), 20_000);
    expect((await count()).pid).not.toBe(pid);
    await untilPaused();
    await eventually(() => expect(paused()).toBe(0), 15_000);
  }, 40_000);

  it('is adopted by a controller that was restarted', async () => {
    await start();
    local.deploy('counter', { source: COUNTER });
    const { pid } = await count();
    await untilPaused();
    const { port } = new URL(local.url);
    await local.stopController();
    await local.startController(Number(port));
    await eventually(() => expect(local.funclet.freezes.filter((verb) => verb === 'resume')).toHaveLength(1), 20_000);
    await eventually(
      async () => expect((await local.engine.report.get(local.onlyId('warm', 'paused')))?.phase).toMatch(/warm|paused/),
      10_000,
    );
    expect(await count()).toMatchObject({ start: 'warm', pid });
  }, 30_000);

  it('waits for a funclet that is away, and so does its call', async () => {
    await start();
    local.deploy('counter', { source: COUNTER });
    const { pid } = await count();
    await untilPaused();
    await local.funclet.stopServing();
    const call = count();
    await new Promise((done) => setTimeout(done, 500));
    await local.funclet.serveAgain();
    expect(await call).toMatchObject({ start: 'warm', pid });
  }, 30_000);
});
