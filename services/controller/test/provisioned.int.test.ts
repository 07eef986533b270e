import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { ProvisionedConcurrency } from '@easyfaas/contracts/wire';
import { eventually } from './eventually';
import { LocalController, type LocalOptions } from './support/local-controller';

const repository = resolve(__dirname, '../../..');
const HELLO = `exports.handler = async () => process.pid;`;

let local: LocalController;
async function start(options: LocalOptions = {}): Promise<void> {
  local = new LocalController(options);
  await local.start();
}

beforeAll(() => {
  execFileSync(process.execPath, [join(repository, 'scripts/build.mjs'), 'runner'], { stdio: ['ignore', 'ignore', 'inherit'] });
});
afterEach(async () => local.stop());

const state = (): ProvisionedConcurrency | undefined => local.engine.provisioned.view('default', 'hello', '$LATEST');
const untilReady = (): Promise<void> => eventually(() => expect(state()?.Status).toBe('READY'), 20_000);
const warm = (): string[] =>
  local.funclet
    .views()
    .filter(({ state: is }) => is === 'warm' || is === 'paused')
    .map(({ containerId }) => containerId);

describe('provisioned concurrency', () => {
  it('has containers warm before the first call, which is a warm one', async () => {
    await start({ poolMin: 1 });
    local.deploy('hello', { source: HELLO });
    local.provision('hello', 2);
    expect(state()?.Status).not.toBe('READY');
    await untilReady();
    expect(state()).toMatchObject({
      RequestedProvisionedConcurrentExecutions: 2,
      AvailableProvisionedConcurrentExecutions: 2,
      AllocatedProvisionedConcurrentExecutions: 2,
    });
    const answers = await Promise.all([local.invoke('hello'), local.invoke('hello')]);
    expect(answers.map(({ status, headers }) => [status, headers.get('x-easyfaas-start')])).toEqual([
      [200, 'warm'],
      [200, 'warm'],
    ]);
  });

  it('counts executions: a container of several gives several', async () => {
    await start();
    local.deploy('hello', { source: HELLO, concurrency: 4 });
    local.provision('hello', 6);
    await untilReady();
    await eventually(() => expect(warm()).toHaveLength(2), 20_000);
    expect(state()).toMatchObject({ AvailableProvisionedConcurrentExecutions: 6 });
  });

  it('outlives the idle time-out, and is not frozen', async () => {
    await start({ idleTimeoutMs: 500, pauseAfterMs: 100 });
    local.deploy('hello', { source: HELLO });
    local.provision('hello', 1);
    await untilReady();
    await eventually(() => expect(warm()).toHaveLength(1), 20_000);
    const before = warm();
    const untilMs = Date.now() + 5000;
    await eventually(() => expect(Date.now()).toBeGreaterThan(untilMs), 20_000);
    expect(warm()).toEqual(before);
    expect(local.funclet.freezes).toEqual([]);
    local.provision('hello', 0);
    await eventually(() => expect(warm()).toEqual([]), 20_000);
    expect(state()).toBeUndefined();
  }, 30_000);

  it('is made up for when a container ends', async () => {
    await start();
    local.deploy('hello', { source: HELLO });
    local.provision('hello', 1);
    await untilReady();
    await eventually(() => expect(warm()).toHaveLength(1), 20_000);
    const [before = ''] = warm();
    local.funclet.killContainer(before);
    await eventually(() => {
      expect(warm()).toHaveLength(1);
      expect(warm()).not.toEqual([before]);
    }, 20_000);
    expect((await local.invoke('hello')).headers.get('x-easyfaas-start')).toBe('warm');
  }, 30_000);

  it('is adopted by a controller that was restarted', async () => {
    await start();
    local.deploy('hello', { source: HELLO });
    local.provision('hello', 1);
    await untilReady();
    await eventually(() => expect(warm()).toHaveLength(1), 20_000);
    const before = warm();
    const { port } = new URL(local.url);
    await local.stopController();
    await local.startController(Number(port));
    await untilReady();
    expect(warm()).toEqual(before);
  }, 30_000);

  it('warms a new commit before the containers of the old one go', async () => {
    await start({ poolMin: 1 });
    local.deploy('hello', { source: HELLO });
    local.provision('hello', 2);
    await untilReady();
    await eventually(() => expect(warm()).toHaveLength(2), 20_000);
    const before = warm();
    local.deploy('hello', { source: `exports.handler = async () => 'new';` });
    const least = { warm: Infinity };
    await eventually(() => {
      const now = warm();
      least.warm = Math.min(least.warm, now.length);
      expect(now).toHaveLength(2);
      expect(now.filter((containerId) => before.includes(containerId))).toEqual([]);
    }, 20_000);
    expect(least.warm).toBeGreaterThanOrEqual(2);
    const answer = await local.invoke('hello');
    expect([answer.text, answer.headers.get('x-easyfaas-start')]).toEqual(['"new"', 'warm']);
  }, 30_000);

  it('says why a function cannot be started, and does not wear the pool out trying', async () => {
    await start({ poolMin: 1 });
    local.deploy('hello', { source: `throw new Error('never loads');` });
    local.provision('hello', 1);
    await eventually(
      () => expect(state()).toMatchObject({ Status: 'FAILED', StatusReason: expect.stringContaining('init failed') as string }),
      20_000,
    );
    const { created } = local.funclet;
    const untilMs = Date.now() + 4000;
    await eventually(() => expect(Date.now()).toBeGreaterThan(untilMs), 20_000);
    expect(local.funclet.created - created).toBeLessThanOrEqual(1);
    local.deploy('hello', { source: HELLO });
    await untilReady();
  }, 40_000);
});
