import { once } from 'node:events';
import { FrameType } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { isAlive, eachFixture, runsSeveral, runtimesHere, TestContainer, type HostRuntime } from './container';

describe.each(runtimesHere().map((runtime): [string, HostRuntime] => [runtime.name, runtime]))('%s', (_name, runtime) => {
  let container: TestContainer;

  const several = runsSeveral(runtime);

  beforeEach(async () => {
    container = await TestContainer.start(runtime);
  });
  afterEach(() => container.dispose());

  describe('the runner', () => {
    it('answers PING and STATS', async () => {
      container.runner.send(FrameType.PING, 5);
      expect((await container.runner.next(FrameType.PONG)).stream).toBe(5);
      container.runner.send(FrameType.STATS, 6);
      const stats = await container.runner.next(FrameType.STATS);
      expect(stats.stream).toBe(6);
      expect(stats.header['rssKb']).toBeGreaterThan(1000);
      expect(stats.header['cpuMs']).toBeGreaterThanOrEqual(0);
    });

    it.each(['infinite-loop', 'never-settles', 'ignores-sigterm'])('kills a runtime that does not come back (%s)', async (fixture) => {
      await container.init(fixture);
      const pid = await container.runtimePid();
      container.sendInvoke({});
      container.runner.send(FrameType.KILL, 0, { reason: 'test' });
      expect((await container.runner.next(FrameType.EXIT)).header).toEqual({ code: null, signal: 'SIGKILL', oom: false, killed: true });
      await eventually(() => expect(isAlive(pid)).toBe(false), 20_000);
    });

    it('answers PING while the handler spins', async () => {
      await container.init('infinite-loop');
      container.sendInvoke({});
      container.runner.send(FrameType.PING, 9);
      expect((await container.runner.next(FrameType.PONG)).stream).toBe(9);
    });

    it('makes the kernel prefer the runtime when memory runs out', async () => {
      const { readFileSync } = await import('node:fs');
      const pid = await container.runtimePid();
      expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('1000');
    });

    it('starts the runtime anew on RESTART, with more environment', async () => {
      const pid = await container.runtimePid();
      container.runner.send(FrameType.RESTART, 0, { env: { GREETING: 'restarted' } });
      expect((await container.runner.next(FrameType.EXIT)).header).toMatchObject({ killed: true });
      container.runtime = await container.controller.attached('runtime');
      expect(await container.runtimePid()).not.toBe(pid);
      await container.init('env');
      await expect(container.result({})).resolves.toMatchObject({ greeting: 'restarted', ours: [] });
    });

    it('does not start the runtime again after KILL', async () => {
      container.runner.send(FrameType.KILL, 0, { reason: 'test' });
      await container.runner.next(FrameType.EXIT);
      container.runner.send(FrameType.RESTART, 0, {});
      container.runner.send(FrameType.PING, 1);
      await container.runner.next(FrameType.PONG);
      await expect(container.controller.attached('runtime', 300)).rejects.toThrow('no runtime attached');
    });

    it('ends on SIGTERM and takes the runtime with it', async () => {
      await container.init('ignores-sigterm');
      const pid = await container.runtimePid();
      container.sendInvoke({});
      const ended = once(container.runnerProcess, 'exit');
      container.runnerProcess.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(isAlive(pid)).toBe(false);
    });
  });

  // A runtime that says nothing of this is never sent UPDATE.
  (runtime.manifest.liveMemory === true ? describe : describe.skip)('UPDATE', () => {
    it('tells later calls of their new memory, in the same process', async () => {
      await container.init('context');
      container.runtime.send(FrameType.UPDATE, 0, { memoryMb: 640, env: { GREETING: 'larger' } });
      expect(await container.result({})).toMatchObject({ memory: '640' });
      expect(container.runner.pending(FrameType.EXIT)).toEqual([]);
    });

    it('sets variables of the process', async () => {
      await container.init('env');
      container.runtime.send(FrameType.UPDATE, 0, { memoryMb: 640, env: { GREETING: 'larger' } });
      expect(await container.result({})).toMatchObject({ greeting: 'larger' });
    });

    it('is ignored before INIT', async () => {
      container.runtime.send(FrameType.UPDATE, 0, { memoryMb: 640, env: { GREETING: 'too early' } });
      await container.init('returns');
      expect(await container.result({})).toBeDefined();
    });
  });

  describe('a controller that comes back', () => {
    it('finds both processes again, the handler loaded, and calls go on', async () => {
      await container.init('counts');
      await expect(container.result(0)).resolves.toBe(1);
      await container.controller.stop();
      await container.controller.listen();
      await container.attached();
      expect((await container.runtime.next(FrameType.HELLO)).header).toMatchObject({ initialized: true, inFlight: 0 });
      expect((await container.runner.next(FrameType.HELLO)).header).toMatchObject({ role: 'runner' });
      await expect(container.result(0)).resolves.toBe(2);
    });

    eachFixture(
      runtime,
      several ? ['sleeps', 'sleeps-async'] : [],
      '(%s) hears of calls in flight and never gets their answers',
      async (fixture) => {
        await container.init(fixture, { concurrency: 4 });
        const lost = container.sendInvoke({ ms: 700 });
        // The call has begun when a later one has ended.
        await container.result({ ms: 1 });
        await container.controller.stop();
        await container.controller.listen();
        await container.attached();
        expect((await container.runtime.next(FrameType.HELLO)).header).toMatchObject({ initialized: true, inFlight: 1 });
        const sameStream = container.sendInvoke({ ms: 1500 });
        expect((await container.answer(sameStream)).type).toBe('result');
        expect(container.runtime.pending(FrameType.RESULT, lost)).toEqual([]);
      },
    );

    it('hears how the runtime ended while nobody listened', async () => {
      const pid = await container.runtimePid();
      await container.controller.stop();
      process.kill(pid, 'SIGKILL');
      await eventually(() => expect(isAlive(pid)).toBe(false), 20_000);
      await container.controller.listen();
      const runner = await container.controller.attached('runner');
      expect((await runner.next(FrameType.EXIT)).header).toEqual({ code: null, signal: 'SIGKILL', oom: false, killed: false });
    });

    it('is waited for by processes that were there first', async () => {
      const late = new TestContainer(runtime);
      try {
        late.spawnRunner();
        await new Promise((resolve) => setTimeout(resolve, 500));
        await late.controller.listen();
        await late.attached();
        await late.init('returns');
        await expect(late.result({})).resolves.toEqual({ hello: 'world' });
      } finally {
        await late.dispose();
      }
    });
  });

  describe('the runtime', () => {
    it('answers PING before and after INIT', async () => {
      container.runtime.send(FrameType.PING, 3);
      expect((await container.runtime.next(FrameType.PONG)).stream).toBe(3);
      await container.init('returns');
      container.runtime.send(FrameType.PING, 4);
      expect((await container.runtime.next(FrameType.PONG)).stream).toBe(4);
    });

    if (several) {
      it('answers PING while calls wait, where several may run at once', async () => {
        await container.init('sleeps', { concurrency: 2 });
        const slow = container.sendInvoke({ ms: 1000 });
        container.runtime.send(FrameType.PING, 5);
        await container.runtime.next(FrameType.PONG);
        expect(container.runtime.pending(FrameType.RESULT, slow)).toEqual([]);
      });
    }

    it('ignores frames that it does not know', async () => {
      await container.init('returns');
      container.runtime.send(FrameType.STATS, 1, {});
      const unknown = Buffer.from('00000009c800000001' + '0002' + '7b7d', 'hex');
      container.runtime.sendRaw(unknown);
      await expect(container.result({})).resolves.toEqual({ hello: 'world' });
    });
  });

  describe('calls at once', () => {
    eachFixture(runtime, several ? ['sleeps', 'sleeps-async'] : [], '(%s) overlap and are answered as they end', async (fixture) => {
      await container.init(fixture, { concurrency: 8 });
      const slow = container.sendInvoke({ ms: 400 });
      const fast = Array.from({ length: 7 }, () => container.sendInvoke({ ms: 5 }));
      for (const stream of fast) await container.answer(stream);
      expect(container.runtime.pending(FrameType.RESULT, slow)).toEqual([]);
      expect((await container.answer(slow)).type).toBe('result');
    });

    it('by the hundreds in one packet are all answered, each with its own', async () => {
      await container.init('echoes', { concurrency: 500 });
      const streams = Array.from({ length: 500 }, (_, index) => container.sendInvoke({ index }));
      for (const [index, stream] of streams.entries()) {
        expect((await container.answer(stream)).body.toString()).toBe(JSON.stringify({ index }));
      }
    });

    eachFixture(runtime, ['cancelled', 'cancelled-async'], '(%s) can be cancelled one by one', async (fixture) => {
      await container.init(fixture, { concurrency: 2 });
      const [one, two] = [container.sendInvoke({}), container.sendInvoke({})];
      await Promise.all([container.runtime.next(FrameType.LOG, one), container.runtime.next(FrameType.LOG, two)]);
      container.runtime.send(FrameType.CANCEL, two);
      expect((await container.answer(two)).body.toString()).toBe('"cancelled"');
      expect(container.runtime.pending(FrameType.RESULT, one)).toEqual([]);
    });

    it('survive a CANCEL for a call that is not there', async () => {
      await container.init('returns');
      container.runtime.send(FrameType.CANCEL, 12345);
      await expect(container.result({})).resolves.toEqual({ hello: 'world' });
    });

    eachFixture(runtime, ['late-reply'], '(%s) are answered once each', async (fixture) => {
      await container.init(fixture);
      await expect(container.result('first')).resolves.toBe('first');
      await new Promise((resolve) => setTimeout(resolve, 50));
      await expect(container.result('second')).resolves.toBe('second');
      expect(container.runtime.pending(FrameType.ERROR)).toEqual([]);
      expect(container.runtime.pending(FrameType.RESULT)).toEqual([]);
    });
  });
});
