import {
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamCommandInput,
  type InvokeWithResponseStreamCompleteEvent,
  type InvokeWithResponseStreamResponseEvent,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { eventually } from './eventually';
import { LocalController } from './support/local-controller';

const MIB = 1024 * 1024;

/** What a call does is in its event; calls of one container open each other's gates and see what became of each other. */
const SOURCE = `
const { once } = require('node:events');
const gates = {};
const seen = { written: 0, ended: [] };
const gate = (name) => (gates[name] ??= (() => { const g = {}; g.promise = new Promise((r) => (g.resolve = r)); return g; })());
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  const out = event.http ? awslambda.HttpResponseStream.from(stream, event.http) : stream;
  if (event.open) gate(event.open).resolve();
  if (event.look) return void out.end(JSON.stringify(seen));
  if (event.log) console.log(event.log);
  if (event.throwAtOnce) throw new TypeError('before the first byte');
  if (event.first) out.write(event.first);
  if (event.waitFor) await gate(event.waitFor).promise;
  if (event.throwLater) throw new RangeError('behind the first byte');
  if (event.exit) { await new Promise((done) => out.write('last', done)); process.exit(3); }
  try {
    for (let n = 0; n < (event.pieces ?? 0); n++) {
      if (!out.write(Buffer.alloc(65536, 'a'))) await once(out, 'drain', { signal: context.signal });
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

interface Seen {
  written: number;
  ended: string[];
}

const local = new LocalController({ region: 'us-east-1', accountId: '111111111111', streamBytes: 40 * MIB });
let client: LambdaClient;

beforeAll(async () => {
  await local.start();
  const more = { timeoutSeconds: 60, accountId: '111111111111' };
  for (const name of ['streams', 'slow', 'large', 'left']) local.deploy(name, { source: SOURCE, concurrency: 4, ...more });
  local.deploy('plain', { source: 'exports.handler = async (event) => { if (event.fail) throw new Error("no"); return event }', ...more });
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  client = new LambdaClient({ endpoint: local.url, region: 'us-east-1', credentials, maxAttempts: 1 });
});

afterAll(async () => {
  try {
    client.destroy();
    // Whatever happened: memory that was set aside for clients was given back.
    await eventually(() => expect(local.payloads.heldBytes).toBe(0), 10_000);
  } finally {
    await local.stop();
  }
});

/** An answer that is read event by event. */
class Answer {
  readonly #events: AsyncIterator<InvokeWithResponseStreamResponseEvent>;

  constructor(stream: AsyncIterable<InvokeWithResponseStreamResponseEvent> | undefined) {
    if (stream === undefined) throw new Error('no stream of events');
    this.#events = stream[Symbol.asyncIterator]();
  }

  /** The next piece, or how the call ended. */
  async next(): Promise<Buffer | InvokeWithResponseStreamCompleteEvent> {
    const next = await this.#events.next();
    if (next.done === true) throw new Error('the events ended without InvokeComplete');
    const { PayloadChunk, InvokeComplete } = next.value;
    if (InvokeComplete === undefined) return Buffer.from(PayloadChunk?.Payload ?? []);
    expect((await this.#events.next()).done).toBe(true);
    return InvokeComplete;
  }

  /** All of it. */
  async whole(): Promise<{ text: string; bytes: number; end: InvokeWithResponseStreamCompleteEvent }> {
    const pieces: Buffer[] = [];
    for (;;) {
      const next = await this.next();
      if (Buffer.isBuffer(next)) pieces.push(next);
      else {
        const all = Buffer.concat(pieces);
        return { text: all.toString('utf8', 0, 1000), bytes: all.length, end: next };
      }
    }
  }
}

type Input = Partial<Omit<InvokeWithResponseStreamCommandInput, 'Payload'>>;

const send = (FunctionName: string, event: unknown, more: Input = {}, abortSignal = new AbortController().signal) =>
  client.send(new InvokeWithResponseStreamCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)), ...more }), { abortSignal });

const stream = async (FunctionName: string, event: unknown, more: Input = {}): Promise<Answer> =>
  new Answer((await send(FunctionName, event, more)).EventStream);

const look = async (name: string): Promise<Seen> => JSON.parse((await (await stream(name, { look: true })).whole()).text) as Seen;

const errorOf = (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    () => 'nothing',
    (error: unknown) => error,
  );

describe('InvokeWithResponseStream by the stock client of AWS', () => {
  it('has the first piece before the function ends', async () => {
    const { EventStream, ...head } = await send('streams', { first: 'one', waitFor: 'go', last: 'two' });
    expect(head).toMatchObject({
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      ResponseStreamContentType: 'application/vnd.amazon.eventstream',
      $metadata: { requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown },
    });
    const answer = new Answer(EventStream);
    expect(await answer.next()).toEqual(Buffer.from('one'));
    await (await stream('streams', { open: 'go' })).whole();
    expect(await answer.whole()).toEqual({ text: 'two', bytes: 3, end: {} });
  });

  it('has the metadata of an HTTP answer in front, and the log behind', async () => {
    const http = { statusCode: 201, headers: { 'X-A': 'b' }, cookies: ['c=d'] };
    const { text, end } = await (await stream('streams', { http, last: 'body', log: 'said' }, { LogType: 'Tail' })).whole();
    const [prelude = '', body] = text.split('\0'.repeat(8));
    expect([JSON.parse(prelude), body]).toEqual([http, 'body']);
    expect(Object.keys(end)).toEqual(['LogResult']);
    expect(Buffer.from(end.LogResult ?? '', 'base64').toString()).toMatch(/^START .*said\nEND .*\nREPORT /s);
  });

  it.each([
    [{ throwAtOnce: true }, /^$/, { errorType: 'TypeError', errorMessage: 'before the first byte' }],
    [{ first: 'part', throwLater: true }, /^part$/, { errorType: 'RangeError', errorMessage: 'behind the first byte' }],
    [{ first: 'part', exit: true }, /^part/, { errorType: 'Runtime.ExitError' }],
  ])('is told the error behind what there was: %j', async (event, text, error) => {
    const answer = await (await stream('streams', event)).whole();
    expect(answer.text).toMatch(text);
    expect(answer).toMatchObject({ end: { ErrorCode: 'Unhandled', ErrorDetails: expect.any(String) as unknown } });
    expect(JSON.parse(answer.end.ErrorDetails ?? '')).toMatchObject(error);
    expect((await (await stream('streams', { last: 'next' })).whole()).text).toBe('next');
  });

  it('has an answer in one piece of a function that does not stream', async () => {
    expect(await (await stream('plain', { a: 'ä' })).whole()).toEqual({ text: '{"a":"ä"}', bytes: 10, end: {} });
    const failed = await (await stream('plain', { fail: true }, { LogType: 'Tail' })).whole();
    expect(failed).toMatchObject({ bytes: 0, end: { ErrorCode: 'Unhandled', LogResult: expect.any(String) as unknown } });
    expect((await send('plain', {}, { InvocationType: 'DryRun' })).StatusCode).toBe(204);
  });

  it('is refused as an Invoke is', async () => {
    expect(await errorOf(send('nobody', {}))).toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Function not found: arn:aws:lambda:us-east-1:111111111111:function:nobody:$LATEST',
    });
    const broken = new InvokeWithResponseStreamCommand({ FunctionName: 'plain', Payload: Buffer.from('{') });
    expect(await errorOf(client.send(broken))).toMatchObject({ name: 'InvalidRequestContentException' });
    expect(await errorOf(send('plain', {}, { InvocationType: 'Event' as 'DryRun' }))).toMatchObject({ name: 'ValidationException' });
  });

  it('is cut off at the limit of a streamed answer, in words', async () => {
    const { bytes, end } = await (await stream('large', { pieces: 100_000 })).whole();
    expect(bytes).toBe(40 * MIB);
    expect(JSON.parse(end.ErrorDetails ?? '')).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
    await eventually(async () => expect((await look('large')).ended).toEqual(['AbortError']), 20_000);
  });

  it('cancels the call of a client that goes away', async () => {
    const abort = new AbortController();
    const { EventStream } = await send('left', { pieces: 100_000 }, {}, abort.signal);
    const answer = new Answer(EventStream);
    expect(Buffer.isBuffer(await answer.next())).toBe(true);
    abort.abort();
    await eventually(async () => expect((await look('left')).ended).toEqual(['AbortError']), 20_000);
    await eventually(() => expect(local.records.some(({ httpStatus }) => httpStatus === 499)).toBe(true), 10_000);
  });

  it('makes the function wait for a slow client, and holds little of its answer', async () => {
    const answer = await stream('slow', { pieces: 512 });
    let before = -1;
    await eventually(async () => {
      const { written } = await look('slow');
      const isStill = written > 0 && written === before;
      before = written;
      expect(isStill).toBe(true);
    }, 20_000);
    expect(before).toBeLessThan(20 * MIB);
    expect(local.payloads.heldBytes).toBeLessThan(MIB);
    expect(await answer.whole()).toMatchObject({ bytes: 32 * MIB, end: {} });
  });
});
