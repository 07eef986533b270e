import { describeLocally } from '../support/describe-locally';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { InvocationRecord, PodLease } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { LocalStack } from '../support/local-stack';
import type { Answer } from '../support/stack';
import { StackClient } from '../support/stack-client';

const SLEEPS = `exports.handler = (event) => {
  console.log('slept for ' + event.ms);
  return new Promise((resolve) => setTimeout(resolve, event.ms, { slept: event.ms, text: event.text }));
};`;
/** Another call opens the gate that one waits at, so that nothing depends on time. */
const STREAMS = `const gate = {};
gate.opened = new Promise((resolve) => (gate.open = resolve));
let isCancelled = false;
exports.handler = awslambda.streamifyResponse(async (event, out, context) => {
  if (event.mode === 'open') gate.open();
  if (event.mode === 'look') return void out.end(String(isCancelled));
  out.write('one ');
  if (event.mode === 'wait') await gate.opened;
  if (event.mode === 'stay') await new Promise((resolve) => context.signal.addEventListener('abort', () => resolve(isCancelled = true)));
  if (event.mode === 'fail') throw new RangeError('too far');
  out.end('two');
});`;
const POOL = { EASYFAAS_POOL_MIN: 'nodejs20=1,python3=0', EASYFAAS_NODE_MEMORY_MB: '1500' };

let first: LocalStack;
let second: LocalStack;
/** The API of each pod; keys are in the Redis that both share. */
let alpha: StackClient;
let beta: StackClient;
let betaAddress: string;

async function podAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

async function pods(client: StackClient): Promise<PodLease[]> {
  const answer = await client.call('/v1/pods');
  expect(answer.status).toBe(200);
  return answer.json<{ pods: PodLease[] }>().pods;
}

async function untilPods(client: StackClient, podIds: string[], deadlineMs: number): Promise<void> {
  await eventually(async () => expect((await pods(client)).map(({ podId }) => podId).sort()).toEqual(podIds), deadlineMs);
}

/** A call whose answer is read piece by piece. */
async function stream(
  client: StackClient,
  name: string,
  mode: string,
): Promise<{ headers: Headers; next: () => Promise<string>; leave: () => void }> {
  const leaving = new AbortController();
  const { headers, body } = await fetch(`${client.url}/v1/functions/${name}/invocations`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${client.key}`, 'Content-Type': 'application/json', 'X-Easyfaas-Response-Mode': 'stream' },
    body: JSON.stringify({ mode }),
    signal: leaving.signal,
  });
  const reader = body?.getReader();
  if (reader === undefined) throw new Error('no body');
  const next = async (): Promise<string> => Buffer.from(((await reader.read()) as { value?: Uint8Array }).value ?? []).toString();
  return { headers, next, leave: () => leaving.abort() };
}

async function recordOf(client: StackClient, answer: Pick<Answer, 'headers'>): Promise<InvocationRecord> {
  const id = answer.headers.get('x-easyfaas-request-id') ?? '';
  return eventually(async () => {
    const record = await client.call(`/v1/invocations/${id}`);
    expect(record.status).toBe(200);
    return record.json<InvocationRecord>();
  }, 10_000);
}

const packageOf = (stack: LocalStack, sha256: string): string => join(stack.dataDirectory, 'packages', `${sha256}.zip`);

async function sha256Of(client: StackClient, name: string): Promise<string> {
  const { CodeSha256 } = (await client.call(`/v1/functions/${name}/configuration`)).json<{ CodeSha256: string }>();
  return Buffer.from(CodeSha256, 'base64').toString('hex');
}

describeLocally('two pods on one Redis', () => {
  beforeAll(async () => {
    betaAddress = await podAddress();
    first = await LocalStack.start({
      env: { ...POOL, EASYFAAS_POOL_MAX: '2', EASYFAAS_POD_ID: 'alpha', EASYFAAS_POD_ADDRESS: await podAddress() },
    });
    second = await LocalStack.start({
      env: {
        ...POOL,
        EASYFAAS_POOL_MAX: '6',
        EASYFAAS_POD_ID: 'beta',
        EASYFAAS_POD_ADDRESS: betaAddress,
        EASYFAAS_REDIS_URL: `unix://${first.redisSocket}`,
      },
    });
    alpha = first.client;
    beta = new StackClient({ url: second.client.url, key: alpha.key });
    await untilPods(alpha, ['alpha', 'beta'], 15_000);
  }, 150_000);

  afterAll(async () => {
    await second?.stop();
    await first?.stop();
  }, 60_000);

  it('both list both, with what they have room for', async () => {
    await untilPods(beta, ['alpha', 'beta'], 15_000);
    await eventually(async () => {
      const found = (await pods(alpha)).find(({ podId }) => podId === 'beta');
      expect(found).toMatchObject({ address: betaAddress, isDraining: false, capacity: { containersMax: 6, cold: { nodejs20: 1 } } });
      expect(found?.capacity.memoryFreeMb).toBeGreaterThan(1000);
    }, 30_000);
  });

  it('a function deployed through one is called through the other, which has its package or fetches it', async () => {
    const name = await alpha.deploy({ source: `${SLEEPS} // fetched` });
    const sha256 = await sha256Of(alpha, name);
    // The upload was answered when its copy was there.
    expect([first, second].map((stack) => existsSync(packageOf(stack, sha256)))).toEqual([true, true]);
    rmSync(packageOf(second, sha256));
    const answer = await beta.invoke(name, { ms: 0, text: 'hello' });
    expect(answer.json()).toEqual({ slept: 0, text: 'hello' });
    expect(existsSync(packageOf(second, sha256))).toBe(true);
    expect(await recordOf(alpha, answer)).toMatchObject({ podId: 'beta', functionName: name });
  });

  it('a call that finds one full is answered by the other, with everything that belongs to an answer', async () => {
    const name = await alpha.deploy({ source: `${SLEEPS} // forwarded`, timeoutSeconds: 30 });
    const streaming = await alpha.deploy({ source: STREAMS, concurrency: 5, timeoutSeconds: 60 });
    const long = [alpha.invoke(name, { ms: 12_000 }), alpha.invoke(name, { ms: 12_000 })];
    await eventually(async () => {
      const busy = (await alpha.pool()).filter(({ inFlight }) => inFlight === 1);
      expect(busy).toHaveLength(2);
    }, 20_000);
    const [waits, fails, stays] = await Promise.all(['wait', 'fail', 'stay'].map((mode) => stream(alpha, streaming, mode)));
    const text = 'ä'.repeat(300_000);
    const requestId = 'request-of-the-client-1';
    const headers = { 'X-Easyfaas-Request-Id': requestId, 'X-Easyfaas-Log-Type': 'Tail' };
    const answer = await alpha.invoke(name, { ms: 1, text }, { headers });
    expect({ status: answer.status, pod: answer.headers.get('x-easyfaas-pod') }).toEqual({ status: 200, pod: 'beta' });
    expect(answer.json()).toEqual({ slept: 1, text });
    expect(answer.headers.get('x-easyfaas-request-id')).toBe(requestId);
    expect(answer.headers.get('server-timing')).toMatch(/warmup;dur=.*init;dur=.*invoke;dur=/);
    expect(Buffer.from(answer.headers.get('x-easyfaas-log-result') ?? '', 'base64').toString()).toContain('slept for 1');
    const containerId = answer.headers.get('x-easyfaas-container');
    expect((await beta.pool()).map((container) => container.containerId)).toContain(containerId);
    expect(await recordOf(beta, answer)).toMatchObject({ requestId, podId: 'beta', containerId, status: 'succeeded' });

    // One in pieces is passed on as it comes, ends as it ended there, and is cancelled there when its client leaves.
    if (waits === undefined || fails === undefined || stays === undefined) throw new Error('not called');
    expect([await waits.next(), waits.headers.get('x-easyfaas-pod')]).toEqual(['one ', 'beta']);
    expect((await beta.invoke(streaming, { mode: 'open' })).status).toBe(200);
    expect([await waits.next(), await waits.next()]).toEqual(['two', '']);
    expect(await recordOf(alpha, waits)).toMatchObject({
      podId: 'beta',
      status: 'succeeded',
      resultBytes: 7,
      stages: { firstByteMs: expect.any(Number) as number },
    });
    await expect(fails.next().then(() => fails.next())).rejects.toThrow();
    expect(await recordOf(alpha, fails)).toMatchObject({
      podId: 'beta',
      status: 'failed',
      errorType: 'RangeError',
      errorMessage: 'too far',
    });
    expect(await stays.next()).toBe('one ');
    stays.leave();
    await eventually(async () => expect((await beta.invoke(streaming, { mode: 'look' })).text).toBe('true'), 20_000);
    for (const each of await Promise.all(long))
      expect({ status: each.status, pod: each.headers.get('x-easyfaas-pod') }).toEqual({ status: 200, pod: null });
  }, 90_000);

  it('a limit of one call at once holds for both together, and either serves it', async () => {
    const name = await alpha.deploy({ source: `${SLEEPS} // limited`, timeoutSeconds: 30 });
    const limit = { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"ReservedConcurrentExecutions":1}' };
    expect((await alpha.call(`/v1/functions/${name}/concurrency`, limit)).status).toBe(200);
    for (const client of [alpha, beta])
      await eventually(async () => expect((await client.invoke(name, { ms: 0 })).status).toBe(200), 20_000);
    const answers = await Promise.all([alpha, beta, alpha, beta].map((client) => client.invoke(name, { ms: 2500 })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429, 429, 429]);
    for (const { status, headers } of answers) {
      if (status === 429) expect(headers.get('reason')).toBe('ReservedFunctionConcurrentInvocationLimitExceeded');
    }
  }, 90_000);

  it('a client cannot speak as a pod: not on the public listener, nor unsigned on the other one', async () => {
    const name = await alpha.deploy({ source: `${SLEEPS} // forged` });
    const forged = { 'X-Easyfaas-Pod-Auth': 'v1.e30.00', 'X-Easyfaas-Pod': 'beta', 'X-Easyfaas-Forwarded': '1' };
    const answer = await alpha.invoke(name, { ms: 0 }, { headers: forged });
    expect(answer.status).toBe(200);
    for (const path of ['/internal/calls', `/internal/packages/${'0'.repeat(64)}`]) {
      expect((await alpha.call(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })).status).toBe(404);
    }
    const { bootId } = (await pods(alpha)).find(({ podId }) => podId === 'beta') as PodLease;
    const key = execFileSync('redis-cli', ['-s', first.redisSocket, 'GET', 'easyfaas:pod-key']).toString().trim();
    const body = Buffer.from('{"ms":0,"text":"as a pod"}');
    const atMs = Date.now();
    const claims = {
      from: 'alpha',
      to: 'beta',
      toBoot: bootId,
      atMs,
      bodySha256: createHash('sha256').update(body).digest('hex'),
      bodyBytes: body.length,
      call: {
        requestId: 'request-of-a-pod',
        principal: { accountId: 'default' },
        functionName: name,
        version: '$LATEST',
        isAdmitted: true,
      },
    };
    const sign = (changes: object = {}, withKey = key): string => {
      const encoded = Buffer.from(JSON.stringify({ ...claims, nonce: randomBytes(16).toString('hex'), ...changes })).toString('base64url');
      const hmac = createHmac('sha256', Buffer.from(withKey, 'hex')).update(`v1\nPOST\n/internal/calls\n${encoded}`);
      return `v1.${encoded}.${hmac.digest('hex')}`;
    };
    const send = async (auth: string | undefined, bytes = body): Promise<number> => {
      const response = await fetch(`${betaAddress}/internal/calls`, {
        method: 'POST',
        headers: auth === undefined ? { Authorization: `Bearer ${alpha.key}` } : { 'X-Easyfaas-Pod-Auth': auth },
        body: bytes,
      });
      await response.arrayBuffer();
      return response.status;
    };
    const good = sign();
    expect(await send(good)).toBe(200);
    expect(await send(good)).toBe(401);
    expect(await send(undefined)).toBe(401);
    expect(await send(sign({}, '00'.repeat(32)))).toBe(401);
    expect(await send(sign({ atMs: atMs - 60_000 }))).toBe(401);
    expect(await send(sign({ to: 'alpha' }))).toBe(401);
    expect(await send(sign({ toBoot: 'an-earlier-life' }))).toBe(401);
    expect(await send(sign(), Buffer.from('{"ms":0,"text":"as a cat"}'))).toBe(401);
  });

  it('kill -9 of one: the other goes on, forgets it, says what it lacks, and finds it again', async () => {
    const warm = await alpha.deploy({ source: `${SLEEPS} // warm` });
    const lost = await beta.deploy({ source: `${SLEEPS} // lost` });
    const sha256 = await sha256Of(alpha, lost);
    rmSync(packageOf(first, sha256), { force: true });
    expect((await alpha.invoke(warm, { ms: 0 })).status).toBe(200);

    await second.controller.kill();
    // Promised are 10 s.
    const calls: Answer[] = [];
    await eventually(async () => {
      calls.push(await alpha.invoke(warm, { ms: 0 }));
      expect(await pods(alpha)).toHaveLength(1);
    }, 15_000);
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
    const missing = await alpha.invoke(lost, { ms: 0 });
    expect(missing.json()).toMatchObject({
      error: { code: 'PACKAGE_MISSING', message: expect.stringContaining('it was last on beta') as string },
    });

    second.startController();
    await untilPods(alpha, ['alpha', 'beta'], 30_000);
    await eventually(async () => expect((await alpha.invoke(lost, { ms: 0 })).status).toBe(200), 30_000);
    expect(existsSync(packageOf(first, sha256))).toBe(true);
  }, 120_000);
});
