import { execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { type LocalAnswer, LocalController, type LocalOptions } from './support/local-controller';

const repository = resolve(__dirname, '../../..');

/** Polls until the condition holds. */
async function eventually(condition: () => boolean, deadlineMs = 10_000): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${condition.toString()}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

const HELLO = `exports.handler = async (event) => ({ hello: event });`;
const error = (answer: LocalAnswer): { errorType: string; errorMessage: string } =>
  JSON.parse(answer.text) as { errorType: string; errorMessage: string };

let local: LocalController;
async function start(options: LocalOptions = {}): Promise<LocalController> {
  local = new LocalController(options);
  await local.start();
  return local;
}

beforeAll(() => {
  execFileSync(process.execPath, [join(repository, 'scripts/build.mjs'), 'runner'], { stdio: ['ignore', 'ignore', 'inherit'] });
});
afterEach(async () => local.stop());

const cold = (): number => local.funclet.states().filter((state) => state === 'cold').length;

describe('a call', () => {
  it('is answered cold, then warm, with its stages, and leaves a record of each', async () => {
    await start();
    local.deploy('hello', { source: HELLO });
    const first = await local.invoke('hello', { a: 1 });
    expect(first).toMatchObject({ status: 200, text: '{"hello":{"a":1}}' });
    expect(first.headers.get('x-easyfaas-start')).toBe('cold');
    expect(first.headers.get('server-timing')).toMatch(
      /^route;dur=[\d.]+, wait;dur=[\d.]+, warmup;dur=[\d.]+;desc="[a-z ]+", init;dur=[\d.]+, invoke;dur=[\d.]+$/,
    );
    const second = await local.invoke('hello', { a: 2 });
    expect(second.text).toBe('{"hello":{"a":2}}');
    expect(second.headers.get('x-easyfaas-start')).toBe('warm');
    expect(second.headers.get('x-easyfaas-function-exectime')).toMatch(/^\d+\.\d{3}$/);
    expect(second.headers.get('x-easyfaas-container')).toBe(first.headers.get('x-easyfaas-container'));
    expect(local.records.map(({ status, start: how, httpStatus }) => ({ status, how, httpStatus }))).toEqual([
      { status: 'succeeded', how: 'cold', httpStatus: 200 },
      { status: 'succeeded', how: 'warm', httpStatus: 200 },
    ]);
    expect(local.records.map(({ keyId, accountId }) => [keyId, accountId])).toEqual([
      ['test', 'default'],
      ['test', 'default'],
    ]);
    expect(local.records[1]?.cpuMs).toBeGreaterThanOrEqual(0);
    expect(local.records[1]?.maxMemoryMb).toBeGreaterThan(10);
  });

  it('takes bytes and gives bytes back, up to 6 MiB and not one more', async () => {
    await start();
    local.deploy('bytes', { source: `exports.handler = async (event) => Buffer.from(event).reverse();`, timeoutSeconds: 20 });
    const body = Buffer.alloc(6 * 1024 * 1024, 'ab');
    const post = (bytes: Buffer) =>
      fetch(`${local.url}/v1/functions/bytes/invocations`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: new Uint8Array(bytes),
      });
    const answer = await post(body);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(body).reverse())).toBe(true);
    const tooLarge = await post(Buffer.concat([body, Buffer.from('x')]));
    expect(tooLarge.status).toBe(413);
    expect(await tooLarge.text()).toContain('6291456');
  });

  it('is refused by its announced length before the body is sent, and a chunked one when it has become too large', async () => {
    await start();
    local.deploy('hello', { source: HELLO });
    const announced = await new Promise<string>((done) => {
      const socket = connect(Number(new URL(local.url).port), '127.0.0.1');
      socket.write('POST /v1/functions/hello/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 6291457\r\n\r\n');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString())).on('close', () => done(text));
    });
    expect(announced).toMatch(/^HTTP\/1.1 413 /);
    const status = await new Promise<number>((done, fail) => {
      const outgoing = request(`${local.url}/v1/functions/hello/invocations`, { method: 'POST' }, (response) => {
        response.resume();
        done(response.statusCode ?? 0);
      });
      outgoing.on('error', fail);
      for (let n = 0; n < 7; n++) outgoing.write(Buffer.alloc(1024 * 1024));
      outgoing.end();
    });
    expect(status).toBe(413);
  });

  it('shows the log tail when it is asked for, with START, END and REPORT', async () => {
    await start();
    local.deploy('logs', { source: `exports.handler = async () => { console.log('one'); console.error('two'); };` });
    const answer = await local.invoke('logs', {}, { 'X-Amz-Log-Type': 'Tail' });
    const tail = Buffer.from(answer.headers.get('x-easyfaas-log-result') ?? '', 'base64').toString();
    expect(tail).toMatch(
      /^START RequestId: (\S+) Version: \$LATEST\n.*one\n.*two\nEND RequestId: \1\nREPORT RequestId: \1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\n$/,
    );
    expect(local.records[0]?.logTail).toBe(tail);
  });

  it('only checks, when it is a dry run', async () => {
    await start();
    local.deploy('hello', { source: HELLO });
    expect((await local.invoke('hello', {}, { 'X-Easyfaas-Invoke-Type': 'dryrun' })).status).toBe(204);
    expect((await local.invoke('none', {}, { 'X-Easyfaas-Invoke-Type': 'dryrun' })).status).toBe(404);
    expect(local.records).toEqual([]);
  });
});

describe('containers', () => {
  it('are warmed up once for a burst that one can serve', async () => {
    await start({ poolMin: 3 });
    await eventually(() => cold() === 3);
    local.deploy('shared', { source: HELLO, concurrency: 50 });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => local.invoke('shared', { n })));
    expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 40 }, (_, n) => `{"hello":{"n":${n}}}`));
    expect(new Set(answers.map(({ headers }) => headers.get('x-easyfaas-container'))).size).toBe(1);
  });

  it('run one call at a time unless the function allows more', async () => {
    await start({ poolMin: 2, poolMax: 2 });
    const source = `let running = 0; let most = 0;
      exports.handler = async () => { most = Math.max(most, ++running); await new Promise((r) => setTimeout(r, 20)); running--; return most; };`;
    local.deploy('alone', { source });
    const alone = await Promise.all(Array.from({ length: 8 }, () => local.invoke('alone')));
    expect(alone.map(({ text }) => text)).toEqual(Array.from({ length: 8 }, () => '1'));
    expect(local.funclet.created).toBeLessThanOrEqual(3);
    local.deploy('pair', { source, concurrency: 2 });
    const pair = await Promise.all(Array.from({ length: 8 }, () => local.invoke('pair')));
    expect(Math.max(...pair.map(({ text }) => Number(text)))).toBe(2);
  });

  it('of an idle function give way when another one waits and the pool is full', async () => {
    await start({ poolMin: 1, poolMax: 1 });
    local.deploy('first', { source: HELLO });
    local.deploy('second', { source: HELLO });
    await local.invoke('first');
    const answer = await local.invoke('second');
    expect(answer.status).toBe(200);
    expect((await local.invoke('first')).headers.get('server-timing')).toContain('desc="evicted for second"');
  });

  it('of an old version are replaced, and calls that run in them finish', async () => {
    await start({ poolMin: 2 });
    local.deploy('changing', { source: `exports.handler = async () => { await new Promise((r) => setTimeout(r, 300)); return 1; };` });
    await local.invoke('changing');
    const running = local.invoke('changing');
    await eventually(() => local.records.length === 1 && local.engine.admitted() === 1);
    local.deploy('changing', { source: `exports.handler = async () => 2;` });
    const answer = await local.invoke('changing');
    expect(answer.text).toBe('2');
    expect((await running).text).toBe('1');
    await eventually(
      () => !local.funclet.states().includes('resetting') && local.funclet.states().filter((state) => state === 'warm').length === 1,
    );
  });

  it('are given back when they are idle for long enough', async () => {
    await start({ idleTimeoutMs: 200 });
    local.deploy('hello', { source: HELLO });
    await local.invoke('hello');
    await eventually(() => local.funclet.states().includes('warm'));
    await eventually(() => !local.funclet.states().includes('warm'));
    expect((await local.invoke('hello')).headers.get('x-easyfaas-start')).toBe('cold');
    expect(local.records.at(-1)?.coldReason).toBe('idle');
  });
});

describe('a function that fails', () => {
  it('is answered with its error', async () => {
    await start();
    local.deploy('throws', { source: `exports.handler = async () => { throw new TypeError('no'); };` });
    const answer = await local.invoke('throws');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-easyfaas-function-error')).toBe('Unhandled');
    expect(error(answer)).toMatchObject({ errorType: 'TypeError', errorMessage: 'no' });
    expect(local.records[0]).toMatchObject({ status: 'failed', errorType: 'TypeError', errorMessage: 'no' });
  });

  it.each([
    ['never settles', `exports.handler = () => new Promise(() => {});`],
    ['spins', `exports.handler = async () => { for (;;); };`],
  ])('by time-out is answered and its container destroyed, when it %s', async (_what, source) => {
    await start();
    local.deploy('slow', { source, timeoutSeconds: 1 });
    const startedAtMs = Date.now();
    const answer = await local.invoke('slow');
    // It would never end by itself.
    expect(Date.now() - startedAtMs).toBeLessThan(8000);
    expect(error(answer).errorType).toBe('Sandbox.Timedout');
    expect(error(answer).errorMessage).toMatch(/^RequestId: \S+ Error: Task timed out after 1.00 seconds$/);
    await eventually(() => !local.funclet.states().includes('warm') && cold() === 1);
  });

  it('by time-out beside others lets them finish, and takes no new call', async () => {
    await start({ poolMin: 2 });
    const source = `exports.handler = ({ ms }) => new Promise((done) => setTimeout(done, ms, ms));`;
    local.deploy('mixed', { source, timeoutSeconds: 3, concurrency: 10 });
    await local.invoke('mixed', { ms: 0 });
    const stuck = local.invoke('mixed', { ms: 60_000 });
    await eventually(() => local.engine.admitted() === 1);
    await new Promise((done) => setTimeout(done, 1800));
    const beside = local.invoke('mixed', { ms: 1600 });
    expect(error(await stuck).errorType).toBe('Sandbox.Timedout');
    const after = await local.invoke('mixed', { ms: 0 });
    expect((await beside).text).toBe('1600');
    expect(after.headers.get('x-easyfaas-container')).not.toBe((await beside).headers.get('x-easyfaas-container'));
  });

  it('by a stuck event loop takes the others in its container with it, at once', async () => {
    await start();
    const source = `exports.handler = async ({ spin }) => { await new Promise((r) => setTimeout(r, 50)); for (; spin; ); return new Promise(() => {}); };`;
    local.deploy('stuck', { source, timeoutSeconds: 1, concurrency: 10 });
    const first = local.invoke('stuck', { spin: true });
    await eventually(() => local.funclet.states().includes('warm') || local.funclet.states().includes('warming'));
    await new Promise((done) => setTimeout(done, 500));
    const second = local.invoke('stuck', { spin: false });
    expect(error(await first).errorType).toBe('Sandbox.Timedout');
    expect(['Sandbox.Timedout', 'Runtime.ExitError']).toContain(error(await second).errorType);
    await eventually(() => !local.funclet.states().includes('warm'));
  });

  it('by its end is answered with how it ended', async () => {
    await start({ poolMin: 2 });
    local.deploy('exits', { source: `exports.handler = async ({ code }) => process.exit(code);` });
    const answer = await local.invoke('exits', { code: 3 });
    expect(error(answer)).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(error(answer).errorMessage).toMatch(/exit status 3$/);
    local.deploy('killed', {
      source: `exports.handler = async () => { process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); };`,
    });
    expect(error(await local.invoke('killed')).errorMessage).toMatch(/signal: killed$/);
    await eventually(() => !local.funclet.states().includes('warm'));
  });

  it('while it loads is answered for everybody who waits, and not tried again for a while', async () => {
    await start({ poolMin: 1 });
    await eventually(() => cold() === 1);
    local.deploy('broken', { source: `throw new Error('cannot load');`, concurrency: 5 });
    const answers = await Promise.all(Array.from({ length: 5 }, () => local.invoke('broken')));
    for (const answer of answers) expect(error(answer)).toMatchObject({ errorMessage: expect.stringContaining('cannot load') as string });
    const made = local.funclet.created;
    const again = await local.invoke('broken');
    expect(error(again).errorMessage).toContain('cannot load');
    await eventually(() => cold() === 1);
    expect(local.funclet.created).toBeLessThanOrEqual(made + 1);
  });

  it('after its answer does not spoil the next call', async () => {
    await start({ poolMin: 3 });
    local.deploy('late', { source: `exports.handler = async () => { setImmediate(() => { throw new Error('late'); }); return 'ok'; };` });
    for (let n = 0; n < 6; n++) expect(await local.invoke('late')).toMatchObject({ status: 200, text: '"ok"' });
  });
});

describe('limits', () => {
  it('of the function are answered at once with the reason', async () => {
    await start();
    local.deploy('limited', { source: `exports.handler = () => new Promise((r) => setTimeout(r, 500));`, reserved: 1 });
    const running = local.invoke('limited');
    await eventually(() => local.engine.admitted() === 1);
    const refused = await local.invoke('limited');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(refused.headers.get('reason')).toBe('ReservedFunctionConcurrentInvocationLimitExceeded');
    expect((await running).status).toBe(200);
    expect(local.records.map(({ status }) => status)).toEqual(['throttled', 'succeeded']);
  });

  it('of the pool make calls wait, and those that wait too long are told', async () => {
    await start({ poolMin: 1, poolMax: 1, waitMs: 1000 });
    await eventually(() => cold() === 1);
    local.deploy('busy', { source: `exports.handler = ({ ms }) => new Promise((r) => setTimeout(r, ms, ms));` });
    await local.invoke('busy', { ms: 0 });
    const [long, short] = [local.invoke('busy', { ms: 250 }), local.invoke('busy', { ms: 1 })];
    expect([(await long).text, (await short).text]).toEqual(['250', '1']);
    const [blocking, waiting] = await Promise.all([local.invoke('busy', { ms: 2500 }), local.invoke('busy', { ms: 1 })]);
    const statuses = [blocking.status, waiting.status].sort();
    expect(statuses).toEqual([200, 429]);
    const told = [blocking, waiting].find(({ status }) => status === 429);
    expect(told?.headers.get('reason')).toBe('WaitedTooLong');
  });
});

describe('what may be lost', () => {
  it('is a client: its call is cancelled and its slot is free again', async () => {
    await start({ poolMin: 1, poolMax: 1 });
    const source = `exports.handler = async (event, context) => { if (!event.wait) return 'next'; await new Promise((r) => context.signal.addEventListener('abort', r)); return 'cancelled'; };`;
    local.deploy('abandoned', { source, timeoutSeconds: 20 });
    await local.invoke('abandoned');
    const abort = new AbortController();
    const gone = local.invoke('abandoned', { wait: true }, {}, abort.signal).catch((reason: unknown) => reason);
    await eventually(() => local.engine.admitted() === 1);
    await new Promise((done) => setTimeout(done, 50));
    abort.abort();
    await gone;
    expect(await local.invoke('abandoned')).toMatchObject({ status: 200, text: '"next"' });
    await eventually(() => local.engine.admitted() === 0);
    expect(local.records.map(({ httpStatus }) => httpStatus)).toEqual([200, 499, 200]);
  });

  it('is a container: its calls are told within a second, and another one serves the next', async () => {
    await start({ poolMin: 2 });
    local.deploy('lost', { source: `exports.handler = ({ ms }) => new Promise((r) => setTimeout(r, ms, 'done'));`, timeoutSeconds: 20 });
    const warm = await local.invoke('lost', { ms: 0 });
    const call = local.invoke('lost', { ms: 10_000 });
    await eventually(() => local.engine.admitted() === 1);
    await new Promise((done) => setTimeout(done, 50));
    const killedAtMs = Date.now();
    local.funclet.killContainer(warm.headers.get('x-easyfaas-container') ?? '');
    const answer = await call;
    // Sooner than the call would have ended.
    expect(Date.now() - killedAtMs).toBeLessThan(8000);
    expect(error(answer).errorType).toBe('Runtime.ExitError');
    expect((await local.invoke('lost', { ms: 0 })).text).toBe('"done"');
  });

  it('is the controller: its successor takes the warm containers over', async () => {
    await start({ poolMin: 1 });
    local.deploy('adopted', { source: `let n = 0; exports.handler = async () => ++n;` });
    const before = await local.invoke('adopted');
    await eventually(() => local.funclet.states().includes('warm') && cold() === 1);
    await local.stopController();
    await local.startController();
    const phases = (): unknown[] => local.engine.report.list().containers.map((container) => ('phase' in container ? container.phase : ''));
    await eventually(() => phases().sort().join() === 'cold,warm');
    const after = await local.invoke('adopted');
    expect(after.text).toBe('2');
    expect(after.headers.get('x-easyfaas-start')).toBe('warm');
    expect(after.headers.get('x-easyfaas-container')).toBe(before.headers.get('x-easyfaas-container'));
  });

  it('is the funclet: warm calls go on, and cold ones work again when it is back', async () => {
    await start({ poolMin: 1 });
    local.deploy('warm', { source: HELLO });
    local.deploy('cold', { source: HELLO });
    await local.invoke('warm');
    await eventually(() => cold() === 1);
    await local.funclet.stopServing();
    expect((await local.invoke('warm')).status).toBe(200);
    const waiting = local.invoke('cold');
    await local.funclet.serveAgain();
    expect((await waiting).status).toBe(200);
  });

  it('is nothing when a process inside forges answers: the container is destroyed', async () => {
    await start({ poolMin: 2 });
    const source = `const net = require('node:net');
      exports.handler = async () => {
        const handle = process._getActiveHandles().find((h) => h instanceof net.Socket && h.readable && h.writable && h.remoteAddress === undefined);
        const header = Buffer.from('{"nonce":"00000000000000000000000000000000"}');
        const frame = Buffer.alloc(11 + header.length);
        frame.writeUInt32BE(7 + header.length, 0); frame[4] = 6; frame.writeUInt32BE(1024, 5); frame.writeUInt16BE(header.length, 9);
        header.copy(frame, 11);
        handle.write(frame);
        await new Promise(() => {});
      };`;
    local.deploy('forges', { source, timeoutSeconds: 3 });
    const answer = await local.invoke('forges');
    expect(error(answer).errorType).toBe('Runtime.ProtocolViolation');
    await eventually(() => !local.funclet.states().includes('warm') && !local.funclet.states().includes('warming'));
  });

  it('is a warm-up: the call waits for another container', async () => {
    await start({ poolMin: 2 });
    await eventually(() => cold() === 2);
    local.funclet.failNextWarmUp = { status: 503, code: 'ENGINE_UNAVAILABLE', message: 'Docker Engine does not answer.' };
    local.deploy('hello', { source: HELLO });
    expect((await local.invoke('hello')).status).toBe(200);
  });

  it('is a package: everybody who waits is told at once', async () => {
    await start({ poolMin: 2 });
    await eventually(() => cold() === 2);
    local.funclet.failNextWarmUp = { status: 400, code: 'INVALID_PACKAGE', message: 'The package is damaged.' };
    local.deploy('hello', { source: HELLO });
    const answer = await local.invoke('hello');
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('INVALID_PACKAGE');
  });
});
