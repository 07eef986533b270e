import { FrameType } from '@easyfaas/contracts/wire';
import { eachFixture, runtimesHere, TestContainer, TOKEN, type HostRuntime } from './container';

describe.each(runtimesHere().map((runtime): [string, HostRuntime] => [runtime.name, runtime]))('%s', (_name, runtime) => {
  let container: TestContainer;

  beforeEach(async () => {
    container = await TestContainer.start(runtime);
  });
  afterEach(() => container.dispose());

  describe('attaching', () => {
    it('sends HELLO with the token from both processes before any code is known', async () => {
      const [runner, own] = await Promise.all([container.runner.next(FrameType.HELLO), container.runtime.next(FrameType.HELLO)]);
      expect(runner.header).toMatchObject({ protocol: 1, role: 'runner', runtime: runtime.name, token: TOKEN });
      expect(own.header).toMatchObject({
        protocol: 1,
        role: 'runtime',
        runtime: runtime.name,
        token: TOKEN,
        initialized: false,
        inFlight: 0,
      });
      expect(own.header['pid']).not.toBe(runner.header['pid']);
      expect(own.header['runtimeVersion']).toMatch(/\d+\.\d+\.\d+/);
    });
  });

  describe('loading', () => {
    it('answers INIT with the time it took', async () => {
      const done = await container.init('returns');
      expect(done.stream).toBe(0);
      expect(done.header['initMs']).toBeGreaterThanOrEqual(0);
    });

    it('serves a call that comes in the same packet as INIT', async () => {
      container.sendInit('returns');
      const stream = container.sendInvoke({});
      const answer = await container.answer(stream);
      expect(answer.body.toString()).toBe('{"hello":"world"}');
      expect(container.runtime.pending(FrameType.INIT_DONE)).toHaveLength(1);
    });

    eachFixture(
      runtime,
      [
        'sync',
        'async',
        'callback',
        'callback-by-rest',
        'context-done',
        'esm',
        'esm-default',
        'wrapped-async',
        'positional',
        'returned-array',
      ],
      'runs a handler of the kind `%s`',
      async (fixture) => {
        await container.init(fixture);
        await expect(container.result({ n: 1 })).resolves.toMatchObject({ got: { n: 1 } });
        await expect(container.result({ n: 2 })).resolves.toMatchObject({ got: { n: 2 } });
      },
    );

    it('finds a handler in a folder', async () => {
      await container.init('sync', { handler: 'src/app.handler' }, 'src/app');
      await expect(container.result(1)).resolves.toEqual({ got: 1 });
    });

    it('keeps the state of a module between calls', async () => {
      await container.init('counts');
      expect([await container.result(0), await container.result(0), await container.result(0)]).toEqual([1, 2, 3]);
    });

    it('refuses a second INIT and goes on serving the first', async () => {
      await container.init('counts');
      container.runtime.send(FrameType.INIT, 0, container.initHeader());
      expect((await container.runtime.next(FrameType.INIT_ERROR)).header['errorType']).toBe('Runtime.ProtocolViolation');
      await expect(container.result(0)).resolves.toBe(1);
    });
  });

  describe('the event', () => {
    it.each([null, true, 7, 'text', [1, [2]], { a: { b: 'ä€😀' } }, {}])('gives back %j as it came', async (event) => {
      await container.init('echoes');
      await expect(container.result(event)).resolves.toEqual(event);
    });

    it.each(['application/json', 'application/json; charset=utf-8', 'application/cloudevents+json'])(
      'is parsed when it is %s',
      async (contentType) => {
        await container.init('describes-event');
        await expect(container.result('four', { contentType })).resolves.toEqual({ isBytes: false, length: 4, isNull: false });
      },
    );

    it('is bytes when it is anything else, and a bytes result comes back raw', async () => {
      await container.init('echoes');
      const bytes = Buffer.from([0, 1, 0x7b, 0xff, 0xfe, 0x0a]);
      const answer = await container.call(bytes, { contentType: 'image/png' });
      expect(answer).toMatchObject({ type: 'result', header: { contentType: 'application/octet-stream' }, body: bytes });
    });

    it('is null when there are no bytes', async () => {
      await container.init('describes-event');
      await expect(container.result(Buffer.alloc(0))).resolves.toMatchObject({ isNull: true });
    });

    it.each(['{"a":', '{} {}', '\ufeff{}', "{'a':1}", 'NaN{'])(
      'that is not JSON (%j) fails the call and not the container',
      async (text) => {
        await container.init('echoes');
        const { errorType, errorMessage } = await container.failure(Buffer.from(text));
        expect(errorType).toBe('Runtime.UnmarshalError');
        expect(errorMessage).toMatch(/not JSON/);
        await expect(container.result('next')).resolves.toBe('next');
      },
    );

    it('of 6 MiB arrives whole, in whatever pieces', async () => {
      await container.init('describes-event');
      const length = 6 * 1024 * 1024 - 2;
      await expect(container.result('e'.repeat(length))).resolves.toMatchObject({ length });
    });

    it('is found in bytes that come one by one', async () => {
      await container.init('echoes');
      const stream = 77;
      const header = Buffer.from('{"requestId":"slow","nonce":"nonce-77","remainingMs":1000}');
      const body = Buffer.from('{"slow":true}');
      const frame = Buffer.alloc(11 + header.length + body.length);
      frame.writeUInt32BE(frame.length - 4, 0);
      frame[4] = FrameType.INVOKE;
      frame.writeUInt32BE(stream, 5);
      frame.writeUInt16BE(header.length, 9);
      header.copy(frame, 11);
      body.copy(frame, 11 + header.length);
      for (const byte of frame) {
        container.runtime.sendRaw(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      expect((await container.answer(stream)).body.toString()).toBe('{"slow":true}');
    });
  });

  describe('the context', () => {
    it('tells what the call and the function are', async () => {
      await container.init('context', { functionName: 'named', memoryMb: 256 });
      const clientContext = '{"custom":{"k":"v"}}';
      const trace = { traceparent: '00-a-b-01', tracestate: 'a=1' };
      const seen = (await container.result({}, { clientContext, ...trace, remainingMs: 5000 })) as Record<string, unknown>;
      expect(seen).toMatchObject({
        requestIds: ['request-1', 'request-1'],
        functionName: 'named',
        functionVersion: '$LATEST',
        arn: 'brn:cloud:faas:test:account:function:fixture',
        memory: '256',
        clientContext: { custom: { k: 'v' } },
        ...trace,
      });
      expect(seen['remainingMs']).toBeLessThanOrEqual(5000);
      expect(seen['remainingMs']).toBeGreaterThan(0);
    });

    it('has no client context when none was sent', async () => {
      await container.init('context');
      await expect(container.result({})).resolves.toMatchObject({ clientContext: null, traceparent: null, tracestate: null });
    });

    it.each(['{"a":', 'bm90IGpzb24='])('that cannot be made of client context %j fails the call only', async (clientContext) => {
      await container.init('context');
      expect((await container.call({}, { clientContext })).type).toBe('error');
      expect((await container.call({})).type).toBe('result');
    });
  });

  describe('the environment', () => {
    it('has the function’s variables, also while it loads, and nothing of the runner’s', async () => {
      await container.init('env', { env: { GREETING: 'hello', TZ: 'Etc/GMT-5' } });
      await expect(container.result({})).resolves.toEqual({
        atLoad: 'hello',
        greeting: 'hello',
        home: '/tmp',
        tmp: '/tmp',
        lang: 'C.UTF-8',
        folder: container.taskFolder,
        hour: 5,
        ours: [],
      });
    });
  });

  describe('the result', () => {
    it('carries processor time and memory', async () => {
      await container.init('returns');
      const { header } = await container.call({});
      expect(header['cpuMs']).toBeGreaterThanOrEqual(0);
      expect(header['maxRssKb']).toBeGreaterThan(1000);
      expect(header['contentType']).toBeUndefined();
    });

    it('is null when the handler returns nothing', async () => {
      await container.init('undefined-result');
      await expect(container.result({})).resolves.toBeNull();
    });

    it('may be bytes', async () => {
      await container.init('bytes-result');
      await expect(container.call({})).resolves.toMatchObject({
        header: { contentType: 'application/octet-stream' },
        body: Buffer.from([0, 255, 10, 13]),
      });
    });

    it('may have exactly the 6 MiB of the limit', async () => {
      await container.init('huge-result');
      expect((await container.call({})).body).toHaveLength(6 * 1024 * 1024);
    });

    it('over the limit fails the call with its size', async () => {
      await container.init('7mb-result');
      await expect(container.failure({})).resolves.toMatchObject({
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: 'Response payload size exceeded maximum allowed payload size (6291456 bytes).',
      });
      expect((await container.call({})).type).toBe('error');
    });

    it('that contains itself fails the call', async () => {
      await container.init('circular-result');
      await expect(container.failure({})).resolves.toMatchObject({ errorType: 'Runtime.MarshalError' });
    });

    it.each(['bigint', 'function', 'symbol', 'nan', 'deep', 'surrogate'])('of an odd kind (%s) is valid JSON or an error', async (kind) => {
      await container.init('odd-result');
      const answer = await container.call(kind);
      if (answer.type === 'error') expect(answer.header['errorType']).toBe('Runtime.MarshalError');
      else expect(() => JSON.parse(answer.body.toString()) as unknown).not.toThrow();
      expect((await container.call(kind)).type).toBe(answer.type);
    });
  });
});
