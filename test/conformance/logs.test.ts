import { FrameType, LIMITS } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { rssKb, eachFixture, runsSeveral, runtimesHere, TestContainer, type HostRuntime } from './container';

/** What a flood may cost the runner: without its precautions it is over 40 MB. */
const RUNNER_GROWTH_KB = 24 * 1024;

describe.each(runtimesHere().map((runtime): [string, HostRuntime] => [runtime.name, runtime]))('%s', (_name, runtime) => {
  let container: TestContainer;
  const rawOutput = (): string =>
    container.runner
      .pending(FrameType.LOG, 0)
      .map(({ body }) => body.toString())
      .join('');

  beforeEach(async () => {
    container = await TestContainer.start(runtime);
  });
  afterEach(() => container.dispose());

  describe('what a handler prints', () => {
    eachFixture(runtime, ['logs', 'logs-async'], '(%s) comes with its call, in order, before the answer', async (fixture) => {
      await container.init(fixture);
      const { log, logFrames } = await container.call({ name: 'one' });
      expect(log).toMatch(/^[^\n]*one begins\none goes on\n[^\n]*one ends\n$/);
      expect(logFrames.map(({ header }) => header['fd'])).toEqual([1, 1, 2]);
    });

    eachFixture(
      runtime,
      runsSeveral(runtime) ? ['logs', 'logs-async'] : [],
      '(%s) is told apart when calls run at once',
      async (fixture) => {
        await container.init(fixture, { concurrency: 10 });
        const names = Array.from({ length: 10 }, (_, index) => `call-${index}`);
        const streams = names.map((name) => container.sendInvoke({ name, ms: 30 }));
        for (const [index, stream] of streams.entries()) {
          const { log } = await container.answer(stream);
          const name = names[index] ?? '';
          expect(log).toMatch(new RegExp(`^[^\\n]*${name} begins\\n${name} goes on\\n[^\\n]*${name} ends\\n$`));
        }
      },
    );

    eachFixture(runtime, ['logs-by-logging'], '(%s) by the language’s logging module comes with level and request id', async (fixture) => {
      await container.init(fixture);
      expect((await container.call({})).log).toMatch(/^\[INFO\]\t\d{4}-\d\d-\d\dT[\d:.]+Z\trequest-1\tby logging\n$/);
    });

    it('needs no end of line', async () => {
      await container.init('logs-without-newline');
      expect((await container.call({})).log).toBe('no end of line');
    });

    it('while it loads belongs to no call', async () => {
      await container.init('logs-on-load');
      expect(
        container.runtime
          .pending(FrameType.LOG, 0)
          .map(({ body }) => body.toString())
          .join(''),
      ).toMatch(/loading\n$/);
      expect((await container.call({})).log).toBe('');
    });

    it('is there also when the handler never comes back', async () => {
      await container.init('infinite-loop');
      const stream = container.sendInvoke({});
      expect((await container.runtime.next(FrameType.LOG, stream)).body.toString()).toMatch(/into the loop\n$/);
    });

    it('may be bytes, control characters and fake records: they stay what they are', async () => {
      await container.init('binary-log');
      const { logFrames } = await container.call({});
      const bytes = Buffer.concat(logFrames.map(({ body }) => body));
      expect(bytes.subarray(0, 6)).toEqual(Buffer.from([0x00, 0x1b, 0x5b, 0x33, 0x31, 0x6d]));
      expect(bytes.toString()).toMatch(/\{"level":"fake","requestId":"other"\}\n$/);
    });

    it('is cut at 1 MiB per call, the last line saying by how much', async () => {
      await container.init('floods-log');
      for (let calls = 0; calls < 2; calls++) {
        const { logFrames } = await container.call({});
        const last = logFrames.at(-1);
        const kept = logFrames.slice(0, -1);
        expect(kept.reduce((sum, { body }) => sum + body.length, 0)).toBe(LIMITS.logBytesPerCall);
        expect(last?.header['truncatedBytes']).toBe(3 * 1024 * 1023 - LIMITS.logBytesPerCall);
        expect(last?.body.toString()).toMatch(/^\[easyfaas\] log cut: \d+ bytes over the limit of 1048576 per call\n$/);
        container.runtime.received.length = 0;
      }
    });

    it('after its call’s answer belongs to no call', async () => {
      await container.init('leaves-timer');
      const first = container.sendInvoke({});
      await container.answer(first);
      container.runtime.received.length = 0;
      const late = await container.runtime.next(FrameType.LOG);
      expect(late.stream).toBe(0);
      expect(container.runtime.pending(FrameType.LOG, first)).toEqual([]);
    });
  });

  describe('what is written past the bootstrap', () => {
    it('by a child process comes from the runner, untagged', async () => {
      await container.init('prints-from-child');
      await container.call({});
      await eventually(() => expect(rawOutput()).toContain('said by a child\n'), 20_000);
    });

    it.each(['floods-stdout', 'one-100mb-line'])(
      '(%s) neither blocks the call nor grows the runner',
      async (fixture) => {
        await container.init(fixture);
        const before = rssKb(container.runnerProcess.pid ?? 0);
        const answer = await container.answer(container.sendInvoke({}), 60_000);
        expect(answer.body.toString()).toBe('"done"');
        await eventually(() => expect(rawOutput()).toMatch(/\[easyfaas\] \d+ bytes of raw output dropped\n/), 20_000);
        expect(rawOutput().length).toBeLessThan(4 * 1024 * 1024);
        expect(rssKb(container.runnerProcess.pid ?? 0) - before).toBeLessThan(40 * 1024);
        if (fixture === 'one-100mb-line') expect(answer.log.length).toBeLessThan(LIMITS.logBytesPerCall + 200);
      },
      90_000,
    );

    it('is dropped, not kept, when the controller does not read', async () => {
      await container.init('floods-stdout');
      container.runner.pause();
      const before = rssKb(container.runnerProcess.pid ?? 0);
      expect((await container.answer(container.sendInvoke({}), 60_000)).type).toBe('result');
      expect(rssKb(container.runnerProcess.pid ?? 0) - before).toBeLessThan(RUNNER_GROWTH_KB);
      container.runner.resume();
      await eventually(() => expect(rawOutput()).toMatch(/bytes of raw output dropped/), 20_000);
    }, 90_000);
  });
});
