import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { eventually } from './eventually';
import { LocalController, type LocalOptions } from './support/local-controller';
import { StreamedCall } from './support/streamed-call';

const repository = resolve(__dirname, '../../..');
const MIB = 1024 * 1024;

/** What a call does is in its event; calls of one container open each other's gates and see what became of each other. */
const SOURCE = `
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const gates = {};
const seen = { written: 0, ended: [] };
const gate = (name) => (gates[name] ??= Promise.withResolvers?.() ?? (() => { const g = {}; g.promise = new Promise((r) => (g.resolve = r)); return g; })());
exports.handler = awslambda.streamifyResponse(async (event, out, context) => {
  if (event.type) out.setContentType(event.type);
  if (event.open) gate(event.open).resolve();
  if (event.look) return void out.end(JSON.stringify({ ...seen, requestId: context.awsRequestId }));
  if (event.throwAtOnce) throw new TypeError('before the first byte');
  if (event.first) out.write(event.first);
  if (event.waitFor) await Promise.race([gate(event.waitFor).promise, once(context.signal, 'abort')]);
  if (event.throwLater) throw new RangeError('behind the first byte');
  if (event.exit) { await new Promise((done) => out.write('last', done)); process.exit(3); }
  if (event.spin) for (;;) out.write('x'.repeat(1000));
  if (event.stubborn) for (;;) { out.write(Buffer.alloc(65536)); await sleep(0); }
  try {
    for (let n = 0; n < (event.pieces ?? 0); n++) {
      if (!out.write(event.tiny ? n + ',' : Buffer.alloc(65536, 'a'))) await once(out, 'drain', { signal: context.signal });
      seen.written += 65536;
    }
    out.end(event.last);
    await once(out, 'finish');
    seen.ended.push('finished');
  } catch (error) {
    seen.ended.push(error.name);
    throw error;
  }
});`;

let local: LocalController;
async function start(options: LocalOptions = {}, more: { timeoutSeconds?: number; concurrency?: number } = {}): Promise<void> {
  local = new LocalController(options);
  await local.start();
  local.deploy('f', { source: SOURCE, timeoutSeconds: 60, concurrency: 4, ...more });
}

const stream = (event: object, headers: Record<string, string> = {}, isPaused = false): StreamedCall =>
  new StreamedCall(`${local.url}/v1/functions/f/invocations`, {
    headers: { 'Content-Type': 'application/json', 'X-Easyfaas-Response-Mode': 'stream', ...headers },
    body: event,
    isPaused,
  });

const look = async (): Promise<{ written: number; ended: string[] }> =>
  JSON.parse((await local.invoke('f', { look: true })).text) as { written: number; ended: string[] };

/** Of the call that began to stream. */
const record = (): Promise<InvocationRecord> =>
  eventually(() => {
    const found = local.records.find(({ stages }) => stages.firstByteMs !== undefined);
    if (found === undefined) throw new Error('no record of a streamed call');
    return found;
  }, 20_000);

beforeAll(() => {
  execFileSync(process.execPath, [join(repository, 'scripts/build.mjs'), 'runner'], { stdio: ['ignore', 'ignore', 'inherit'] });
});
afterEach(async () => {
  // Whatever happened: memory that was set aside for clients was given back.
  await eventually(() => expect(local.payloads.heldBytes).toBe(0), 10_000);
  await local.stop();
});

describe('a streamed answer', () => {
  it('begins before the function ends, and leaves a record of both', async () => {
    await start();
    const call = stream({ first: 'one,', type: 'text/event-stream', waitFor: 'go', last: 'two' });
    await call.has('one,');
    const { headers, statusCode } = await call.response;
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked', 'x-easyfaas-start': 'cold' });
    expect(headers['server-timing']).toMatch(/init;dur=[\d.]+, firstbyte;dur=[\d.]+$/);
    expect(local.records).toEqual([]);
    await local.invoke('f', { open: 'go', last: '' });
    expect(await call.end).toBe('end');
    expect(call.text).toBe('one,two');
    const { status, httpStatus, resultBytes, stages, cpuMs } = await record();
    expect({ status, httpStatus, resultBytes }).toEqual({ status: 'succeeded', httpStatus: 200, resultBytes: 7 });
    expect(stages.firstByteMs).toBeLessThanOrEqual(stages.totalMs);
    expect(stages.invokeMs).toBeGreaterThan(0);
    expect(cpuMs).toBeGreaterThanOrEqual(0);
  });

  it('comes whole to who did not ask for pieces, 6 MiB at most', async () => {
    await start();
    const answer = await local.invoke('f', { first: 'one,', last: 'two', type: 'text/plain' });
    expect(answer).toMatchObject({ status: 200, text: 'one,two' });
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(answer.headers.get('content-length')).toBe('7');
    const large = await local.invoke('f', { pieces: 97 });
    expect(large.headers.get('x-easyfaas-function-error')).toBe('Unhandled');
    expect(large.text).toContain('Function.ResponseSizeTooLarge');
    expect(local.records.map(({ stages }) => stages.firstByteMs)).toEqual([undefined, undefined]);
  });

  it('of a plain function comes whole to who asked for pieces', async () => {
    await start();
    local.deploy('plain', { source: 'exports.handler = async () => ({ plain: true });' });
    const answer = await local.invoke('plain', {}, { 'X-Easyfaas-Response-Mode': 'stream' });
    expect(answer.text).toBe('{"plain":true}');
    expect(answer.headers.get('content-length')).toBe('14');
    const refused = await local.invoke('plain', {}, { 'X-Easyfaas-Response-Mode': 'fast' });
    expect(refused).toMatchObject({ status: 400 });
  });

  it('of ten thousand tiny pieces arrives whole and in order', async () => {
    await start();
    const call = stream({ pieces: 10_000, tiny: true });
    expect(await call.end).toBe('end');
    expect(call.text).toBe(Array.from({ length: 10_000 }, (_each, n) => `${n},`).join(''));
  });

  it('that was empty is an empty answer', async () => {
    await start();
    const call = stream({});
    expect(await call.end).toBe('end');
    expect(call.bytes).toBe(0);
    expect((await record()).status).toBe('succeeded');
  });
});

describe('an error', () => {
  it('before the first byte is answered as ever', async () => {
    await start();
    const answer = await local.invoke('f', { throwAtOnce: true }, { 'X-Easyfaas-Response-Mode': 'stream' });
    expect(answer.headers.get('x-easyfaas-function-error')).toBe('Unhandled');
    expect(answer.text).toContain('"errorMessage":"before the first byte"');
  });

  it('behind the first byte closes the connection, so that nobody takes the part for the whole', async () => {
    await start();
    const call = stream({ first: 'part', throwLater: true });
    expect(await call.end).toBe('aborted');
    expect(call.text).toBe('part');
    expect(await record()).toMatchObject({
      status: 'failed',
      errorType: 'RangeError',
      errorMessage: 'behind the first byte',
      resultBytes: 4,
    });
  });

  it('is told in trailers to a client that reads them', async () => {
    await start();
    const call = stream({ first: 'part', throwLater: true }, { TE: 'trailers', 'X-Easyfaas-Log-Type': 'Tail' });
    expect(await call.end).toBe('end');
    const { trailers } = await call.response;
    expect(trailers['x-easyfaas-function-error']).toBe('Unhandled');
    const error = JSON.parse(Buffer.from(trailers['x-easyfaas-error'] ?? '', 'base64').toString()) as object;
    expect(error).toMatchObject({ errorType: 'RangeError', errorMessage: 'behind the first byte' });
    expect(Buffer.from(trailers['x-easyfaas-log-result'] ?? '', 'base64').toString()).toMatch(
      /^START [^]*\nREPORT .*Billed Duration: \d+ ms/,
    );
  });

  it.each<[string, object, number, object]>([
    [
      'the end of the process',
      { first: 'part', exit: true },
      60,
      { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit status 3') as string },
    ],
    ['the time-out', { first: 'part', waitFor: 'nothing' }, 1, { errorType: 'Sandbox.Timedout' }],
    ['the end of a function that never lets go', { first: 'part', spin: true }, 1, { errorType: 'Sandbox.Timedout' }],
  ])('%s closes the connection, and the next call is served', async (_what, event, timeoutSeconds, expected) => {
    await start({}, { timeoutSeconds, concurrency: 1 });
    const call = stream(event);
    expect(await call.end).toBe('aborted');
    expect(call.text.slice(0, 4)).toBe('part');
    expect(await record()).toMatchObject({ status: 'failed', ...expected });
    expect((await local.invoke('f', { last: 'next' })).text).toBe('next');
  });
});

describe('a client', () => {
  it('that is slow holds up its own call and no other one of the container', async () => {
    await start();
    const call = stream({ pieces: 512 }, {}, true);
    const response = await call.response;
    // What was written is what the sockets, the window and the function's own stream hold, and no more.
    let before = -1;
    await eventually(async () => {
      const { written } = await look();
      const isStill = written === before;
      before = written;
      expect(isStill).toBe(true);
    }, 20_000);
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(20 * MIB);
    expect(local.payloads.heldBytes).toBeLessThan(MIB);
    call.resume(response);
    expect(await call.end).toBe('end');
    expect(call.bytes).toBe(32 * MIB);
  });

  it('that goes away has its call cancelled; the container and the calls beside it go on', async () => {
    await start();
    const beside = stream({ first: 'beside,', waitFor: 'go', last: 'end' });
    await beside.has('beside,');
    const call = stream({ pieces: 100_000 });
    await call.has('aaa');
    call.abort();
    await eventually(async () => expect((await look()).ended).toEqual(['AbortError']), 20_000);
    await local.invoke('f', { open: 'go', last: '' });
    expect(await beside.end).toBe('end');
    expect(beside.text).toBe('beside,end');
    const gone = await eventually(() => {
      const found = local.records.find(({ httpStatus }) => httpStatus === 499);
      if (found === undefined) throw new Error('no record of the call');
      return found;
    }, 10_000);
    expect(gone).toMatchObject({ status: 'error', errorMessage: expect.stringContaining('client') as string });
    expect(new Set(local.records.map(({ containerId }) => containerId)).size).toBe(1);
  });

  it('that never reads is taken for gone', async () => {
    await start({ streamStallMs: 200 });
    const call = stream({ pieces: 100_000 }, {}, true);
    await call.response;
    expect((await record()).status).toBe('error');
    await eventually(async () => expect((await look()).ended).toEqual(['AbortError']), 20_000);
  });

  it('that reads only after the call has ended gets all of it', async () => {
    await start({ streamStallMs: 200 });
    const call = stream({ pieces: 2 }, {}, true);
    const response = await call.response;
    expect((await record()).status).toBe('succeeded');
    call.resume(response);
    expect(await call.end).toBe('end');
  });
});

describe('the limit of a streamed answer', () => {
  it('lets through what is within it, closes the connection and stops the function', async () => {
    await start({ streamBytes: MIB });
    const call = stream({ pieces: 100_000 });
    expect(await call.end).toBe('aborted');
    expect(call.bytes).toBeLessThanOrEqual(MIB);
    expect(await record()).toMatchObject({ status: 'failed', errorType: 'Function.ResponseSizeTooLarge', resultBytes: MIB });
    await eventually(async () => expect((await look()).ended).toEqual(['AbortError']), 20_000);
  });

  it('ends a function that does not stop', async () => {
    await start({ streamBytes: MIB }, { concurrency: 1 });
    const call = stream({ stubborn: true });
    expect(await call.end).toBe('aborted');
    expect((await record()).errorType).toBe('Function.ResponseSizeTooLarge');
    expect((await local.invoke('f', { last: 'next' })).text).toBe('next');
  });
});
