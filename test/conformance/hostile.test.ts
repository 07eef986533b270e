import { once } from 'node:events';
import { FrameType } from '@easyfaas/contracts/wire';
import { handlerRuntimes, fixtureFile, isAlive, eachFixture, runtimesHere, TestContainer, type HostRuntime } from './container';

/** Names that every runtime must show: what they do is what users try first, and last. */
const BEHAVIOURS = [
  'returns', 'echoes', 'throws', 'throws-non-error', 'throws-on-load', 'exits-3', 'exits-on-load', 'never-settles', 'infinite-loop',
  'floods-log', 'floods-stdout', 'one-100mb-line', 'huge-result', '7mb-result', 'circular-result', 'undefined-result', 'odd-result',
  'bytes-result', 'forks', 'memory-hog', 'leaves-timer', 'leaves-child', 'writes-task', 'forged-frames', 'forges-on-socket',
  'closes-fds', 'patches-globals', 'context', 'env', 'syntax-error', 'missing-module', 'no-handler', 'logs', 'sleeps', 'counts',
]; // prettier-ignore

describe('every runtime', () => {
  it.each(handlerRuntimes().map((runtime): [string, HostRuntime] => [runtime.name, runtime]))(
    '%s has a fixture for every behaviour',
    (_name, runtime) => {
      expect(BEHAVIOURS.filter((name) => fixtureFile(runtime, name) === undefined)).toEqual([]);
    },
  );
});

describe.each(runtimesHere().map((runtime): [string, HostRuntime] => [runtime.name, runtime]))('%s', (_name, runtime) => {
  let container: TestContainer;

  beforeEach(async () => {
    container = await TestContainer.start(runtime);
  });
  afterEach(() => container.dispose());

  it('frames written to the output are output', async () => {
    await container.init('forged-frames');
    const answer = await container.call({});
    expect(answer.type).toBe('result');
    container.runner.send(FrameType.PING, 1);
    await container.runner.next(FrameType.PONG);
    expect(container.runner.pending(FrameType.EXIT)).toEqual([]);
    expect(container.runtime.pending(FrameType.RESULT)).toEqual([]);
  });

  it('a result forged on the connection does not know the nonce', async () => {
    await container.init('forges-on-socket');
    const stream = container.sendInvoke({});
    const forged = await container.runtime.next(FrameType.RESULT, stream);
    expect(forged.header['nonce']).toBe('forged');
  });

  it('a handler that closes every descriptor ends with an answer or an EXIT, not with silence', async () => {
    await container.init('closes-fds');
    container.sendInvoke({});
    const exit = container.runner.next(FrameType.EXIT);
    await Promise.race([container.runtime.closed, exit]);
    container.runner.send(FrameType.KILL, 0, { reason: 'test' });
    expect((await exit).header).toHaveProperty('code');
  });

  it('a handler that patches what the bootstrap uses is answered all the same', async () => {
    await container.init('patches-globals');
    await expect(container.result({ n: 1 })).resolves.toEqual({ n: 1 });
    const second = await container.call({ n: 2 });
    expect(second.type).toBe('result');
  });

  eachFixture(runtime, ['returns-twice-by-fork'], 'a forked child (%s) does not answer for its parent', async (fixture) => {
    await container.init(fixture);
    await expect(container.result({})).resolves.toBe('parent');
    await expect(container.result({})).resolves.toBe('parent');
    expect(container.runtime.pending(FrameType.RESULT)).toEqual([]);
  });

  eachFixture(runtime, ['multiprocessing'], 'a pool of processes works (%s)', async (fixture) => {
    await container.init(fixture);
    await expect(container.result(21)).resolves.toBe(42);
  });

  it('the runner outlives a KILL of what left the process group, which a container’s end removes', async () => {
    await container.init('leaves-child');
    const child = (await container.result({})) as number;
    try {
      container.runner.send(FrameType.KILL, 0, { reason: 'test' });
      expect((await container.runner.next(FrameType.EXIT)).header).toMatchObject({ killed: true });
      expect(isAlive(container.runnerProcess.pid ?? 0)).toBe(true);
    } finally {
      process.kill(child, 'SIGKILL');
    }
  });
});

describe.each(runtimesHere().map((runtime): [string, HostRuntime] => [runtime.name, runtime]))('self-check of %s', (_name, runtime) => {
  it('says in one line that the image can run', async () => {
    const container = new TestContainer(runtime);
    try {
      const child = container.spawnRunner({}, ['--self-check']);
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      expect(await once(child, 'close')).toEqual([0, null]);
      expect(text).toMatch(new RegExp(`^${runtime.name}: ready, \\S+, \\d+ ms\\n$`));
    } finally {
      await container.dispose();
    }
  });

  it('fails with the reason when the language cannot be started', async () => {
    const container = new TestContainer({ ...runtime, command: '/nowhere/language' });
    try {
      const child = container.spawnRunner({}, ['--self-check']);
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      expect(await once(child, 'close')).toEqual([1, null]);
      expect(text).toMatch(/cannot start \/nowhere\/language/);
    } finally {
      await container.dispose();
    }
  });
});
