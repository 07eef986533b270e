import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { eventually } from './eventually';
import { LocalController, type LocalOptions } from './support/local-controller';

const repository = resolve(__dirname, '../../..');
const TELLS = `exports.handler = async ({ ms }, context) => {
  if (ms) await new Promise((done) => setTimeout(done, ms));
  return { pid: process.pid, limit: context.memoryLimitInMB, env: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE };
};`;

let local: LocalController;
async function start(options: LocalOptions = {}): Promise<void> {
  local = new LocalController({ poolMin: 2, ...options });
  await local.start();
}

beforeAll(() => {
  execFileSync(process.execPath, [join(repository, 'scripts/build.mjs'), 'runner'], { stdio: ['ignore', 'ignore', 'inherit'] });
});
afterEach(async () => local.stop());

interface Told {
  pid: number;
  limit: string;
  env: string;
}

async function told(payload: object = {}): Promise<Told & { start: string | null }> {
  const answer = await local.invoke('tells', payload);
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
  return { ...(JSON.parse(answer.text) as Told), start: answer.headers.get('x-easyfaas-start') };
}

const memoryOfWarm = (): number[] =>
  local.funclet
    .views()
    .filter(({ assignment }) => assignment !== undefined)
    .map(({ memoryMb }) => memoryMb);

describe('a function whose memory alone was changed', () => {
  it('goes on in the same process, which knows its new memory at the very next call', async () => {
    await start();
    local.deploy('tells', { source: TELLS });
    const before = await told();
    expect(before).toMatchObject({ limit: '128', env: '128' });
    local.setMemory('tells', 512);
    expect(await told()).toEqual({ pid: before.pid, limit: '512', env: '512', start: 'warm' });
    expect(memoryOfWarm()).toEqual([512]);
    local.setMemory('tells', 256);
    expect(await told()).toEqual({ pid: before.pid, limit: '256', env: '256', start: 'warm' });
    expect(memoryOfWarm()).toEqual([256]);
  });

  it('is changed under a running call, and while it is frozen', async () => {
    await start({ pauseAfterMs: 100 });
    local.deploy('tells', { source: TELLS });
    const { pid } = await told();
    const running = told({ ms: 500 });
    await eventually(() => expect(local.funclet.views().map(({ state }) => state)).not.toContain('paused'), 20_000);
    local.setMemory('tells', 512);
    expect(await running).toMatchObject({ pid });
    await eventually(() => expect(local.funclet.states()).toContain('paused'), 20_000);
    local.setMemory('tells', 1024);
    await eventually(() => expect(memoryOfWarm()).toEqual([1024]), 20_000);
    expect(await told()).toEqual({ pid, limit: '1024', env: '1024', start: 'warm' });
  });

  it('gets a new container where the old one uses too much for the new limit', async () => {
    await start();
    local.deploy('tells', { source: TELLS });
    const { pid } = await told();
    local.funclet.refusesResizes = true;
    local.setMemory('tells', 512);
    const after = await told();
    expect(after).toMatchObject({ limit: '512', start: 'cold' });
    expect(after.pid).not.toBe(pid);
    await eventually(() => expect(memoryOfWarm()).toEqual([512]), 20_000);
  });

  it('ends with the last of many changes that came at once', async () => {
    await start();
    local.deploy('tells', { source: TELLS });
    const { pid } = await told();
    for (const memoryMb of [256, 512, 300, 700, 200]) local.setMemory('tells', memoryMb);
    expect(await told()).toEqual({ pid, limit: '200', env: '200', start: 'warm' });
    await eventually(() => expect(memoryOfWarm()).toEqual([200]), 20_000);
  });

  it('is adopted and changed when the controller was away meanwhile', async () => {
    await start();
    local.deploy('tells', { source: TELLS });
    const { pid } = await told();
    await eventually(() => expect(local.funclet.states()).toContain('warm'), 20_000);
    const { port } = new URL(local.url);
    await local.stopController();
    local.setMemory('tells', 384);
    await local.startController(Number(port));
    await eventually(() => expect(memoryOfWarm()).toEqual([384]), 20_000);
    expect(await told()).toEqual({ pid, limit: '384', env: '384', start: 'warm' });
  });

  it('whose code was changed, too, starts anew', async () => {
    await start();
    local.deploy('tells', { source: TELLS });
    const { pid } = await told();
    local.deploy('tells', { source: TELLS });
    const after = await told();
    expect(after.pid).not.toBe(pid);
    expect(after.start).toBe('cold');
  });
});

describe('an operator', () => {
  it('changes the memory of one container', async () => {
    await start();
    local.deploy('tells', { source: TELLS });
    const { pid } = await told();
    await eventually(() => expect(local.funclet.states()).toContain('warm'), 20_000);
    const containerId = local.onlyId('warm');
    expect(await local.engine.report.resize(containerId, 640)).toMatchObject({ memoryMb: 640 });
    expect(await told()).toMatchObject({ pid, limit: '640' });
    local.funclet.refusesResizes = true;
    await expect(local.engine.report.resize(containerId, 64)).rejects.toMatchObject({ code: 'MEMORY_BUSY' });
    await expect(local.engine.report.resize('0'.repeat(12), 64)).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND' });
  });
});
