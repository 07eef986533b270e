import { FrameType } from '@easyfaas/contracts/wire';
import { errorObject, fixtureFile, eachFixture, runtimesHere, TestContainer, type HostRuntime } from './container';

describe.each(runtimesHere().map((runtime): [string, HostRuntime] => [runtime.name, runtime]))('%s', (_name, runtime) => {
  let container: TestContainer;

  beforeEach(async () => {
    container = await TestContainer.start(runtime);
  });
  afterEach(() => container.dispose());

  describe('a handler that throws', () => {
    eachFixture(
      runtime,
      ['throws', 'throws-sync', 'callback-error'],
      '(%s) fails its call with type, message and its own stack',
      async (fixture) => {
        await container.init(fixture);
        const { errorType, errorMessage, trace } = await container.failure({});
        expect({ errorType, errorMessage }).toEqual({ errorType: 'TypeError', errorMessage: 'bad thing' });
        expect(trace.join('\n')).toContain(container.taskFolder);
        expect(trace.join('\n')).not.toContain('bootstrap');
        expect((await container.call({})).type).toBe('error');
      },
    );

    const values = runtime.name.startsWith('python')
      ? ['string', 'getters', 'object', 'long', 'number']
      : ['null', 'undefined', 'string', 'number', 'object', 'symbol', 'frozen', 'getters', 'proxy', 'long'];
    it.each(values)('something odd (%s) fails its call and not the process', async (value) => {
      await container.init('throws-non-error');
      const { errorType, errorMessage } = await container.failure(value);
      expect(typeof errorType).toBe('string');
      expect(errorMessage.length).toBeLessThanOrEqual(16 * 1024);
      if (value === 'string') expect(errorMessage).toBe('just text');
      expect((await container.call(value)).type).toBe('error');
    });
  });

  describe('code that cannot be loaded', () => {
    const cases: [string, string, RegExp, string?][] = [
      ['syntax-error', 'Runtime.UserCodeSyntaxError', /syntax/i],
      ['missing-module', 'Runtime.ImportModuleError', /not.installed/],
      ['no-handler', 'Runtime.HandlerNotFound', /handler/i],
      ['returns', 'Runtime.ImportModuleError', /elsewhere/, 'elsewhere.handler'],
      ['returns', 'Runtime.HandlerNotFound', /nothing/, 'index.nothing'],
      ['returns', 'Runtime.MalformedHandlerName', /index/, 'index'],
      ['returns', 'Runtime.MalformedHandlerName', /\.\./, '../index.handler'],
      ['throws-on-load', 'TypeError', /bad thing/],
    ];
    it.each(cases)('(%s) is INIT_ERROR %s', async (fixture, errorType, message, handler = 'index.handler') => {
      container.sendInit(fixture, { handler });
      container.sendInvoke({});
      const frame = await container.runtime.next(FrameType.INIT_ERROR);
      const error = errorObject(frame);
      expect(error.errorType).toBe(errorType);
      expect(error.errorMessage).toMatch(message);
      expect(error.trace.join('\n')).not.toContain('bootstrap');
      // INIT_ERROR answers every call that waits for the handler.
      expect(container.runtime.pending(FrameType.ERROR)).toEqual([]);
      expect(container.runtime.pending(FrameType.INIT_DONE)).toEqual([]);
    });

    it('names file and line of a syntax error', async () => {
      container.sendInit('syntax-error');
      expect(errorObject(await container.runtime.next(FrameType.INIT_ERROR)).trace.join('\n')).toMatch(/index\.\w+(", line |:)1/);
    });
  });

  describe('a process that ends', () => {
    eachFixture(runtime, ['exits-3', 'exits-hard'], '(%s) is told by EXIT with its code, its last words before', async (fixture) => {
      await container.init(fixture);
      const stream = container.sendInvoke({});
      const exit = await container.runner.next(FrameType.EXIT);
      expect(exit.header).toEqual({ code: 3, signal: null, oom: false, killed: false });
      await container.runtime.closed;
      const log = container.runtime.pending(FrameType.LOG, stream).map(({ body }) => body.toString());
      expect(log.join('')).toMatch(/last words\n$/);
      expect(container.runtime.pending(FrameType.RESULT)).toEqual([]);
    });

    it('while it loads is told by EXIT', async () => {
      container.sendInit('exits-on-load');
      expect((await container.runner.next(FrameType.EXIT)).header).toMatchObject({ code: 3, killed: false });
    });

    it('by a signal is told by EXIT', async () => {
      await container.init('kills-itself');
      container.sendInvoke({});
      expect((await container.runner.next(FrameType.EXIT)).header).toEqual({ code: null, signal: 'SIGKILL', oom: false, killed: false });
    });
  });

  describe('an error that no call can catch', () => {
    const cases: [string, string, number][] = [
      ['throws-in-callback', 'TypeError', 129],
      ['hangs-in-exit', 'TypeError', 129],
      ['rejects-unhandled', 'Runtime.UnhandledPromiseRejection', 128],
    ];
    for (const [fixture, errorType, code] of cases.filter(([name]) => fixtureFile(runtime, name) !== undefined)) {
      it(`(${fixture}) fails the call in flight and ends the process`, async () => {
        await container.init(fixture);
        const failure = await container.failure({});
        expect(failure).toMatchObject({ errorType, errorMessage: 'bad thing' });
        expect((await container.runner.next(FrameType.EXIT)).header).toMatchObject({ code, killed: false });
      });
    }

    eachFixture(runtime, ['unhandled-rejection-after-reply'], '(%s) leaves the answer as it was and ends the process', async (fixture) => {
      await container.init(fixture);
      await expect(container.result({})).resolves.toBe('done');
      expect((await container.runner.next(FrameType.EXIT)).header).toMatchObject({ code: 128 });
      await container.runtime.closed;
      expect(
        container.runtime
          .pending(FrameType.LOG, 0)
          .map(({ body }) => body.toString())
          .join(''),
      ).toMatch(/bad thing/);
    });
  });
});
