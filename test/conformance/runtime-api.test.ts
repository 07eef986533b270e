import { chmodSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { FrameType, LIMITS } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { DockerContainer, hasImage } from './docker-container';
import { errorObject, executableRuntimes, failureOf, isAlive, TestContainer, type HostRuntime } from './container';

const [provided] = executableRuntimes();

describe('the Runtime API of provided', () => {
  let container: TestContainer;

  beforeEach(async () => {
    container = await TestContainer.start(provided as HostRuntime);
  });
  afterEach(() => container.dispose());

  const init = async (more: Parameters<TestContainer['init']>[1] = {}) => container.init('does-as-told', more, 'bootstrap');
  const failedInit = async (fixture: string) => {
    container.sendInit(fixture, {}, 'bootstrap');
    container.sendInvoke({});
    const error = errorObject(await container.runtime.next(FrameType.INIT_ERROR));
    // INIT_ERROR answers every call that waits for the first poll.
    expect(container.runtime.pending(FrameType.ERROR)).toEqual([]);
    return error;
  };

  describe('a bootstrap', () => {
    it('is ready with its first poll, and serves a call that came with INIT', async () => {
      container.sendInit('does-as-told', {}, 'bootstrap');
      const stream = container.sendInvoke({ value: 1 });
      expect((await container.answer(stream)).body.toString()).toBe('1');
      expect((await container.runtime.next(FrameType.INIT_DONE)).header['initMs']).toBeGreaterThan(0);
    });

    it('has the environment that AWS Lambda gives, and none of ours', async () => {
      await init({ handler: 'any.thing', env: { GREETING: 'hello', _HANDLER: 'any.thing' } });
      const { env, folder, args } = (await container.result({ do: 'describe' })) as {
        env: Record<string, string>;
        folder: string;
        args: [];
      };
      expect(env).toMatchObject({ GREETING: 'hello', _HANDLER: 'any.thing', HOME: '/tmp', AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' });
      expect(env['AWS_LAMBDA_RUNTIME_API']).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(Object.keys(env).filter((name) => /TOKEN|SOCKET|SECRET_OF/.test(name))).toEqual([]);
      expect({ folder, args }).toEqual({ folder: container.taskFolder, args: [] });
    });

    it('may be a script of bash alone', async () => {
      await container.init('shell', { env: { _HANDLER: 'by.hand' } }, 'bootstrap');
      const answer = await container.call({ name: 'ä' });
      expect(answer.body.toString()).toBe('{"handler":"by.hand","event":{"name":"ä"}}');
      expect(answer.log).toBe('called as request-1\n');
    });

    it('that says it cannot start is INIT_ERROR with its own words', async () => {
      expect(await failedInit('init-error')).toEqual({
        errorType: 'Runtime.NoSuchHandler',
        errorMessage: 'no such handler',
        trace: ['at home'],
      });
    });

    it('that is missing is INIT_ERROR Runtime.InvalidEntrypoint', async () => {
      container.runtime.send(FrameType.INIT, 0, container.initHeader());
      expect(errorObject(await container.runtime.next(FrameType.INIT_ERROR))).toMatchObject({
        errorType: 'Runtime.InvalidEntrypoint',
        errorMessage: 'The package has no file "bootstrap" at its top, and no layer has one either.',
      });
    });

    it('whose first line names no interpreter is told what such a line can have wrong', async () => {
      const { errorType, errorMessage } = await failedInit('carriage-returns');
      expect(errorType).toBe('Runtime.InvalidEntrypoint');
      expect(errorMessage).toMatch(/first line.*CR LF/);
    });

    it('without the right to be executed is told how to get it', async () => {
      const file = join(container.taskFolder, 'bootstrap');
      cpSync(join((provided as HostRuntime).folder, 'fixtures/exits-on-load'), file);
      chmodSync(file, 0o644);
      container.runtime.send(FrameType.INIT, 0, container.initHeader());
      expect(errorObject(await container.runtime.next(FrameType.INIT_ERROR)).errorMessage).toMatch(/not executable.*chmod \+x/);
    });

    it('that ends before it polls ends its container with its code', async () => {
      container.sendInit('exits-on-load', {}, 'bootstrap');
      expect((await container.runner.next(FrameType.EXIT)).header).toEqual({ code: 3, signal: null, oom: false, killed: false });
      expect(container.runtime.pending(FrameType.LOG, 0).map(({ body }) => body.toString())).toEqual(['last words\n']);
    });

    it('that never polls leaves PING answered and ends on KILL, which is what the limit of INIT does', async () => {
      container.sendInit('never-polls', {}, 'bootstrap');
      container.runtime.send(FrameType.PING, 3);
      expect((await container.runtime.next(FrameType.PONG)).stream).toBe(3);
      container.runner.send(FrameType.KILL, 0, { reason: 'init timed out' });
      expect((await container.runner.next(FrameType.EXIT)).header).toMatchObject({ signal: 'SIGKILL', killed: true });
      expect(container.runtime.pending(FrameType.INIT_DONE)).toEqual([]);
    });
  });

  describe('a call', () => {
    it('comes with id, deadline, ARN, trace and client context', async () => {
      await init();
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const before = Date.now();
      const { headers } = (await container.result(
        { do: 'describe' },
        { traceparent, tracestate: 'a=1', clientContext: '{"custom":\n{"k":"ä"}}' },
      )) as {
        headers: Record<string, string>;
      };
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': 'request-1',
        'lambda-runtime-invoked-function-arn': 'brn:cloud:faas:test:account:function:fixture',
        'lambda-runtime-trace-id': 'Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1',
        traceparent,
        tracestate: 'a=1',
        body: '{"do":"describe"}',
      });
      expect(JSON.parse(Buffer.from(headers['lambda-runtime-client-context'] ?? '', 'latin1').toString())).toEqual({ custom: { k: 'ä' } });
      const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
      expect(deadlineMs).toBeGreaterThan(before);
      expect(deadlineMs).toBeLessThanOrEqual(Date.now() + 30_000);
      const plain = (await container.result({ do: 'describe' })) as { headers: Record<string, string> };
      expect(plain.headers['lambda-runtime-trace-id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=0$/);
    });

    it('that is not JSON comes as it is, with its type; one without a body as null', async () => {
      await init();
      const seen = (await container.result(Buffer.from('<a/>'), { contentType: 'text/xml' })) as { headers: Record<string, string> };
      expect(seen.headers).toMatchObject({ 'content-type': 'text/xml', body: '<a/>' });
      expect((await container.call(Buffer.alloc(0))).body.toString()).toBe('null');
    });

    it('is answered with the bytes and the type that were posted; what a form says of its type says nothing', async () => {
      await init();
      const xml = await container.call({ do: 'plain', text: '<b/>', contentType: 'text/xml' });
      expect(xml).toMatchObject({ type: 'result', header: { contentType: 'text/xml' }, body: Buffer.from('<b/>') });
      const form = await container.call({ do: 'plain', text: '{"a":1}', contentType: 'application/x-www-form-urlencoded' });
      expect(form.header).not.toHaveProperty('contentType');
      expect(form.header['maxRssKb']).toBeGreaterThan(1000);
      const chunks = await container.call({ do: 'chunks', parts: ['"one ', 'two"'] });
      expect(chunks.body.toString()).toBe('"one two"');
    });

    it('that fails has the error that was posted', async () => {
      await init();
      const body = JSON.stringify({ errorType: 'OwnError', errorMessage: 'bad thing', stackTrace: ['line 1'] });
      const failure = await container.failure({ do: 'fail', body, type: 'Runtime.OwnError' });
      expect(failure).toEqual({ errorType: 'OwnError', errorMessage: 'bad thing', trace: ['line 1'] });
      const text = await container.failure({ do: 'fail', body: 'just text', type: 'Runtime.OwnError' });
      expect(text).toMatchObject({ errorType: 'Runtime.OwnError', errorMessage: 'just text' });
      const nothing = await container.failure({ do: 'fail', body: '' });
      expect(nothing).toMatchObject({ errorType: 'Runtime.Unknown', errorMessage: '' });
      const long = JSON.stringify({ errorMessage: 'm'.repeat(500_000) });
      expect((await container.failure({ do: 'fail', body: long, type: 'Long' })).errorMessage).toHaveLength(16 * 1024);
    });

    it('may be answered with 6 MiB, and not with more', async () => {
      await init();
      expect((await container.call({ do: 'large', bytes: LIMITS.syncPayloadBytes })).body).toHaveLength(LIMITS.syncPayloadBytes);
      await expect(container.failure({ do: 'large', bytes: LIMITS.syncPayloadBytes + 1 })).resolves.toMatchObject({
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: 'Response payload size exceeded maximum allowed payload size (6291456 bytes).',
      });
      await expect(container.result({ value: 'next' })).resolves.toBe('next');
    });

    const later = async (event: object): Promise<string> => {
      const stream = container.sendInvoke(event);
      const answer = await container.answer(stream);
      // What it prints after its answer belongs to no call.
      const read = (): string =>
        answer.log +
        container.runtime
          .pending(FrameType.LOG, 0)
          .map(({ body }) => body.toString())
          .join('');
      let text = '';
      await eventually(() => {
        text += read();
        expect(text.match(/\n/g)).toHaveLength(2);
      }, 10_000);
      return text;
    };

    it.each([
      [{ do: 'twice' }, '403 {"errorType":"InvalidStateTransition"'],
      [{ do: 'wrongId' }, '400 {"errorType":"InvalidRequestID"'],
      [{ do: 'initError' }, '403 {"errorType":"InvalidStateTransition"'],
      [{ do: 'other', method: 'GET', path: 'runtime/nowhere' }, '404 {"errorType":"NotFound"'],
      [{ do: 'other', method: 'DELETE', path: 'runtime/invocation/next' }, '405 {"errorType":"MethodNotAllowed"'],
    ])('%j is refused in words and answered once', async (event, refusal) => {
      await init();
      const text = await later(event);
      expect(text).toContain(refusal);
      expect(text).toContain('202 {"status":"OK"}');
      expect(container.runtime.pending(FrameType.RESULT)).toEqual([]);
      await expect(container.result({ value: 2 })).resolves.toBe(2);
    });

    it('has all that was printed before its answer', async () => {
      await init();
      const { log, logFrames } = await container.call({ do: 'print', text: 'one\ntwo' });
      expect(log.replace('to stderr\n', '')).toBe('one\ntwo');
      expect(new Set(logFrames.map(({ header }) => header['fd']))).toEqual(new Set([1, 2]));
    });

    it('has at most 1 MiB of log, the last line saying how much was cut', async () => {
      await init();
      const { logFrames } = await container.call({ do: 'flood' });
      expect(logFrames.slice(0, -1).reduce((sum, { body }) => sum + body.length, 0)).toBe(LIMITS.logBytesPerCall);
      expect(logFrames.at(-1)?.header['truncatedBytes']).toBe(3 * 1024 * 1023 - LIMITS.logBytesPerCall);
    });

    it.each([
      [
        { do: 'exit', code: 3 },
        { code: 3, signal: null },
      ],
      [
        { do: 'exit', code: 0 },
        { code: 0, signal: null },
      ],
      [
        { do: 'kill', signal: 'SIGSEGV' },
        { code: null, signal: 'SIGSEGV' },
      ],
    ])('under which the process ends (%j) is told by EXIT, and nothing is left', async (event, end) => {
      await init();
      const stream = container.sendInvoke(event);
      expect((await container.runner.next(FrameType.EXIT)).header).toEqual({ ...end, oom: false, killed: false });
      await container.runtime.closed;
      if (event.do === 'exit')
        expect(container.runtime.pending(FrameType.LOG, stream).map(({ body }) => body.toString())).toEqual(['last words\n']);
    });

    it('that never comes back ends with KILL, the user’s process too', async () => {
      await init();
      const child = (await container.result({ do: 'child' })) as number;
      container.sendInvoke({ do: 'never' });
      container.runner.send(FrameType.KILL, 0, { reason: 'test' });
      expect((await container.runner.next(FrameType.EXIT)).header).toMatchObject({ killed: true });
      process.kill(child, 'SIGKILL'); // in a session of its own: only a container's end takes it along
    });
  });

  describe('an answer in pieces', () => {
    const chunks = async (stream: number) =>
      container.runtime.nextMatching((frame) => frame.stream === stream && frame.type === FrameType.CHUNK, 'a piece', 20_000);

    it('leaves as it comes, before its end', async () => {
      await init();
      const stream = container.sendInvoke(
        { do: 'stream', parts: ['one', 'two'], contentType: 'text/event-stream', pauseMs: 300 },
        { windowBytes: 1000 },
      );
      expect(await chunks(stream)).toMatchObject({ header: { contentType: 'text/event-stream', nonce: 'nonce-1' }, body: Buffer.of() });
      expect((await chunks(stream)).body.toString()).toBe('one');
      expect(container.runtime.pending(FrameType.END, stream)).toEqual([]);
      expect(await chunks(stream)).toMatchObject({ header: { nonce: 'nonce-1' }, body: Buffer.from('two') });
      expect((await container.runtime.next(FrameType.END, stream)).header).toMatchObject({ nonce: 'nonce-1' });
      await expect(container.result({ value: 'next' })).resolves.toBe('next');
    });

    it('waits where the window ends, and goes on with WINDOW', async () => {
      await init();
      const stream = container.sendInvoke({ do: 'stream', parts: ['x'.repeat(300_000)] }, { windowBytes: 100_000 });
      let bytes = 0;
      const take = async (upTo: number): Promise<void> => {
        while (bytes < upTo) bytes += (await chunks(stream)).body.length;
        expect(bytes).toBe(upTo);
      };
      await take(100_000);
      container.runtime.send(FrameType.PING, 9);
      await container.runtime.next(FrameType.PONG);
      expect(container.runtime.pending(FrameType.CHUNK, stream)).toEqual([]);
      container.runtime.send(FrameType.WINDOW, stream, { bytes: 500_000 });
      await take(300_000);
      await container.runtime.next(FrameType.END, stream);
    });

    it('may say what an HTTP answer has besides, also where the caller wants it whole', async () => {
      await init();
      const prelude = `${JSON.stringify({ statusCode: 201, headers: { 'Content-Type': 'text/plain' }, cookies: ['a=b'] })}${'\0'.repeat(8)}`;
      const event = {
        do: 'stream',
        parts: [prelude.slice(0, 20), `${prelude.slice(20)}body`],
        contentType: 'application/vnd.awslambda.http-integration-response',
      };
      const http = { statusCode: 201, headers: { 'Content-Type': 'text/plain' }, cookies: ['a=b'] };
      const stream = container.sendInvoke(event, { windowBytes: 1000 });
      expect((await chunks(stream)).header).toMatchObject({ contentType: 'text/plain', http });
      expect((await chunks(stream)).body.toString()).toBe('body');
      await container.runtime.next(FrameType.END, stream);
      expect(await container.call(event)).toMatchObject({ header: { contentType: 'text/plain', http }, body: Buffer.from('body') });
      const broken = container.sendInvoke({ ...event, parts: ['no prelude'] }, { windowBytes: 1000 });
      expect((await container.answer(broken)).header['errorType']).toBe('Runtime.MarshalError');
    });

    it('that fails on its way ends with its error', async () => {
      await init();
      const error = Buffer.from('{"errorType":"Late","errorMessage":"bad thing"}').toString('base64');
      const trailers = { 'Lambda-Runtime-Function-Error-Type': 'Late', 'Lambda-Runtime-Function-Error-Body': error };
      const stream = container.sendInvoke({ do: 'stream', parts: ['some'], trailers }, { windowBytes: 1000 });
      await expect(container.answer(stream).then(failureOf)).resolves.toMatchObject({ errorType: 'Late', errorMessage: 'bad thing' });
      const cut = container.sendInvoke({ do: 'stream', parts: ['some'], cut: true }, { windowBytes: 1000 });
      expect((await container.answer(cut)).header['errorType']).toBe('Runtime.TruncatedResponse');
      await expect(container.result({ value: 'next' })).resolves.toBe('next');
    });

    it('for which nobody waits any more is taken in and dropped', async () => {
      await init();
      const stream = container.sendInvoke({ do: 'stream', parts: ['x'.repeat(3_000_000)] }, { windowBytes: 10 });
      while ((await chunks(stream)).body.length === 0);
      container.runtime.send(FrameType.CANCEL, stream);
      await container.runtime.next(FrameType.END, stream);
      expect(container.runtime.pending(FrameType.CHUNK, stream)).toEqual([]);
    });
  });

  describe('calls at once', () => {
    it('are as many as the process polls for, and are answered as they end', async () => {
      await init({ concurrency: 8, env: { POLLS: '8' } });
      const slow = container.sendInvoke({ do: 'sleep', ms: 1000 });
      const fast = Array.from({ length: 7 }, () => container.sendInvoke({ do: 'sleep', ms: 5 }));
      for (const stream of fast) await container.answer(stream);
      expect(container.runtime.pending(FrameType.RESULT, slow)).toEqual([]);
      expect((await container.answer(slow)).header).not.toHaveProperty('cpuMs');
    });

    it('wait in line where it polls for fewer, each with its own answer', async () => {
      await init({ concurrency: 100, env: { POLLS: '3' } });
      const streams = Array.from({ length: 100 }, (_, index) => container.sendInvoke({ value: index }));
      for (const [index, stream] of streams.entries()) expect((await container.answer(stream)).body.toString()).toBe(String(index));
    });

    it('may have the same request id', async () => {
      await init({ concurrency: 2, env: { POLLS: '2' } });
      const headers = [1, 2].map((stream) => ({ requestId: 'same', nonce: `nonce-${stream}`, remainingMs: 30_000 }));
      for (const [index, header] of headers.entries())
        container.runtime.send(FrameType.INVOKE, index + 1, header, JSON.stringify({ do: 'sleep', ms: 50 }));
      for (const stream of [1, 2]) expect((await container.answer(stream)).type).toBe('result');
    });

    it('that are cancelled before they were polled for are never run', async () => {
      await init({ concurrency: 2 });
      const running = container.sendInvoke({ do: 'sleep', ms: 500 });
      const waiting = container.sendInvoke({ do: 'exit', code: 1 });
      container.runtime.send(FrameType.CANCEL, waiting);
      expect((await container.answer(waiting)).header['errorType']).toBe('Runtime.Cancelled');
      expect((await container.answer(running)).type).toBe('result');
      await expect(container.result({ value: 1 })).resolves.toBe(1);
    });

    it('of which one spins: its processor time is the process’s', async () => {
      await init();
      expect((await container.call({ do: 'spin', ms: 300 })).header['cpuMs']).toBeGreaterThan(50);
    });
  });

  describe('a controller that comes back', () => {
    it('finds the process ready, gets no answer of an earlier call, and calls go on', async () => {
      await init({ concurrency: 4, env: { POLLS: '2' } });
      container.sendInvoke({ do: 'sleep', ms: 700 });
      await container.result({ value: 1 });
      await container.controller.stop();
      await container.controller.listen();
      await container.attached();
      expect((await container.runtime.next(FrameType.HELLO)).header).toMatchObject({ initialized: true, inFlight: 1 });
      await container.result({ do: 'sleep', ms: 1500 });
      expect(container.runtime.pending(FrameType.RESULT)).toEqual([]);
    });

    it('may send a second INIT, which is refused', async () => {
      await init();
      container.runtime.send(FrameType.INIT, 0, container.initHeader());
      expect((await container.runtime.next(FrameType.INIT_ERROR)).header['errorType']).toBe('Runtime.ProtocolViolation');
      await expect(container.result({ value: 1 })).resolves.toBe(1);
    });
  });

  it('ends with its process group on SIGTERM of the runner', async () => {
    await init();
    const pid = await container.runtimePid();
    container.sendInvoke({ do: 'never' });
    container.runnerProcess.kill('SIGTERM');
    await eventually(() => expect(isAlive(pid)).toBe(false), 10_000);
  });
});

(hasImage(provided as HostRuntime) ? describe : describe.skip)('provided in a locked container', () => {
  let container: DockerContainer;

  beforeEach(async () => {
    container = await DockerContainer.startIn(provided as HostRuntime);
    await container.init('does-as-told', {}, 'bootstrap');
  }, 60_000);
  afterEach(() => container.dispose(), 60_000);

  it('serves the API where runtimes expect it, one process more than others', async () => {
    const { env } = (await container.result({ do: 'describe' })) as { env: Record<string, string> };
    expect(env['AWS_LAMBDA_RUNTIME_API']).toBe('127.0.0.1:9001');
    expect(container.processes()).toHaveLength(4);
  }, 60_000);

  it('tells by EXIT that the kernel ended the user’s process for want of memory', async () => {
    container.sendInvoke({ do: 'hog' });
    expect((await container.runner.next(FrameType.EXIT, 0, 60_000)).header).toMatchObject({ oom: true, killed: false });
  }, 60_000);

  it('loses everything to KILL, also a child in a session of its own', async () => {
    await container.result({ do: 'child' });
    expect(container.processes()).toHaveLength(5);
    container.runner.send(FrameType.KILL, 0, { reason: 'test' });
    await container.runner.next(FrameType.EXIT);
    await eventually(() => expect(container.processes()).toHaveLength(2), 10_000);
  }, 60_000);
});
