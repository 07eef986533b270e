import { existsSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { containerViewSchema, parse, parseWatchEvent } from '@easyfaas/contracts/schemas';
import { type NodeView, PlainAnswerReader, type WatchEvent, encodePlainRequest } from '@easyfaas/contracts/wire';
import { createMetrics, silentLogger } from '@easyfaas/service-kit';
import { measureContainers } from '../lifecycle/container-metrics';
import { eventually } from '../lifecycle/testing/eventually';
import { TestLifecycle } from '../lifecycle/testing/test-lifecycle';
import { FuncletServer } from './funclet-server';
import { matchPath } from './match-path';

const A = 'aaaaaaaaaaaa';
let life: TestLifecycle;
let server: FuncletServer;
let socketPath: string;

const open = (method: string, path: string, body?: string | object): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, method, path }, resolve).on('error', reject);
    request.end(typeof body === 'object' ? JSON.stringify(body) : body);
  });

const call = async (method: string, path: string, body?: string | object) => {
  const response = await open(method, path, body);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const json = (response.headers['content-type'] ?? '').includes('json') ? (JSON.parse(text) as Record<string, never>) : {};
  return {
    status: response.statusCode,
    headers: response.headers,
    text,
    json,
    code: (json['error'] as { code: string } | undefined)?.code,
  };
};

beforeEach(async () => {
  life = await new TestLifecycle().open();
  socketPath = join(life.directory, 'f.sock');
  const metrics = createMetrics('funclet-test');
  measureContainers(metrics, life.registry, life.ledger);
  server = new FuncletServer({
    socketPath,
    api: {
      registry: life.registry,
      containers: life.containers,
      code: life.context.code,
      node: () => ({ instanceId: 'b' }) as NodeView,
      readiness: () => ({ isReady: true, checks: { docker: 'ok' } }),
      metrics,
    },
    clock: life.clock,
    logger: silentLogger(),
  });
  // A stale socket of a killed process is in the way of nobody.
  writeFileSync(socketPath, '');
  await server.start();
});

afterEach(async () => {
  await server.stop(AbortSignal.timeout(1000));
  life.close();
});

describe('the funclet’s API', () => {
  it('listens for user and group only', () => {
    expect(statSync(socketPath).mode & 0o777).toBe(0o660);
  });

  it('takes a container through its life', async () => {
    const made = await call('POST', '/v1/containers', life.initRequest(A));
    expect(made.status).toBe(201);
    expect(parse(containerViewSchema, made.json).state).toBe('creating');
    expect((await call('POST', `/v1/containers/${A}/attached`, life.transition())).json).toMatchObject({ state: 'cold' });
    expect((await call('PATCH', `/v1/containers/${A}`, { operationId: 'r', memoryMb: 256 })).json).toMatchObject({ memoryMb: 256 });
    expect((await call('GET', `/v1/containers/${A}`)).json).toMatchObject({ state: 'cold' });
    expect((await call('GET', '/v1/containers')).json).toMatchObject({ containers: [{ containerId: A }] });
    expect((await call('POST', `/v1/containers/${A}/reset`, life.transition())).json).toMatchObject({ state: 'gone' });
    expect((await call('GET', '/v1/containers')).json).toMatchObject({ containers: [] });
  });

  it.each([
    ['GET', '/v1/nothing', undefined, 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/v1/containers/../node', undefined, 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/v1/containers/NOTANID', undefined, 404, 'ROUTE_NOT_FOUND'],
    ['GET', `/v1/containers/${A}`, undefined, 404, 'CONTAINER_NOT_FOUND'],
    ['DELETE', '/v1/containers', undefined, 405, 'METHOD_NOT_ALLOWED'],
    ['POST', '/v1/containers', '{', 400, 'INVALID_JSON'],
    ['POST', '/v1/containers', '', 400, 'INVALID_JSON'],
    ['POST', '/v1/containers', '[]', 400, 'VALIDATION_FAILED'],
    ['POST', '/v1/containers', { operationId: 'x' }, 400, 'VALIDATION_FAILED'],
    ['POST', '/v1/containers', 'x'.repeat(70_000), 413, 'PAYLOAD_TOO_LARGE'],
    ['GET', '/v1/node?timeout=0', undefined, 400, 'VALIDATION_FAILED'],
    ['GET', '/v1/node?timeout=1e3', undefined, 400, 'VALIDATION_FAILED'],
    ['POST', `/v1/code/${'0'.repeat(64)}/prepare`, { accountId: 'a' }, 500, 'PACKAGE_MISSING'],
    ['POST', `/v1/code/${'0'.repeat(64)}/prepare`, {}, 400, 'VALIDATION_FAILED'],
    ['POST', '/v1/code/..%2f..%2fetc/prepare', '{}', 404, 'ROUTE_NOT_FOUND'],
  ])('answers %s %s with %j by %i %s', async (method, path, body, status, code) => {
    expect(await call(method, path, body)).toMatchObject({ status, code });
  });

  it('names the field that is wrong or unknown', async () => {
    const unknown = await call('POST', '/v1/containers', { ...life.initRequest(A), hostConfig: { privileged: true } });
    expect(unknown.text).toContain('hostConfig is not allowed');
    const wrong = await call('POST', '/v1/containers', { ...life.initRequest(A), memoryMb: '128' });
    expect(wrong.text).toContain('memoryMb must be a number');
  });

  it('says which methods a path takes', async () => {
    expect((await call('PUT', `/v1/containers/${A}`)).headers.allow).toBe('GET, PATCH');
  });

  it('gives the caller’s request id back in an error, a valid one', async () => {
    const response = await new Promise<string>((resolve, reject) => {
      httpRequest({ socketPath, path: '/none', headers: { 'X-Easyfaas-Request-Id': 'my-id' } }, (answer) => {
        answer.setEncoding('utf8').once('data', resolve);
      })
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(response)).toMatchObject({ error: { requestId: 'my-id', code: 'ROUTE_NOT_FOUND', retryable: false } });
  });

  it('answers within the timeout that it was given, and undoes what it began', async () => {
    const release = life.engine.hold('create');
    const answer = await call('POST', '/v1/containers?timeout=30', life.initRequest(A));
    expect(answer).toMatchObject({ status: 504, code: 'DEADLINE_EXCEEDED' });
    release();
    await call('POST', `/v1/containers/${A}/reset`, life.transition());
    expect(life.stateOf(A)).toBe('gone');
  });

  it('is alive and ready, and measures', async () => {
    await life.cold(A);
    expect((await call('GET', '/healthz')).status).toBe(200);
    expect((await call('GET', '/readyz')).json).toEqual({ status: 'ready', checks: { docker: 'ok' } });
    const { text } = await call('GET', '/metrics');
    expect(text).toMatch(/easyfaas_containers\{state="cold",service="funclet-test"\} 1/);
    expect(text).toMatch(/easyfaas_container_transitions_total\{from="creating",to="cold",runtime="nodejs20",service="funclet-test"\} 1/);
    expect(text).toMatch(/easyfaas_memory_reserved_megabytes\{service="funclet-test"\} 136/);
  });
});

describe('what the controller writes', () => {
  const exchange = (...pieces: string[]): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const reader = new PlainAnswerReader(100_000);
      const socket = connect(socketPath, () => {
        const [first = '', ...rest] = pieces;
        socket.write(first);
        // The rest comes when the first piece has been looked at.
        if (rest.length > 0) setTimeout(() => rest.forEach((piece) => socket.write(piece)), 30);
      });
      socket.on('error', reject).on('data', (chunk) => {
        const answer = reader.push(chunk);
        if (answer === undefined) return;
        resolve({ status: answer.status, text: answer.body.toString() });
        socket.destroy();
      });
    });
  const transition = (): string => JSON.stringify(life.transition());

  it('is answered as node:http answers it', async () => {
    await life.cold(A);
    const { operations } = life.registry.get(A);
    const body = JSON.stringify({ operationId: operations.attached, reason: 'again' });
    const url = `/v1/containers/${A}/attached?timeout=5000`;
    const plain = await exchange(encodePlainRequest('POST', url, body));
    expect(plain).toEqual(expect.objectContaining({ status: 200 }));
    expect(plain.text).toBe((await call('POST', url, body)).text);
    expect(JSON.parse((await exchange(encodePlainRequest('GET', '/v1/nothing'))).text)).toMatchObject({
      error: { code: 'ROUTE_NOT_FOUND' },
    });
  });

  it('is answered too when it comes in pieces', async () => {
    await life.cold(A);
    const text = encodePlainRequest('POST', `/v1/containers/${A}/reset`, transition());
    expect((await exchange(text.slice(0, 40), text.slice(40, 90), text.slice(90))).status).toBe(200);
    expect(life.stateOf(A)).toBe('gone');
  });

  it('is answered in order when it does not wait for the answer before', async () => {
    await life.cold(A);
    const release = life.engine.hold('remove');
    const reset = encodePlainRequest('POST', `/v1/containers/${A}/reset`, transition());
    const socket = connect(socketPath);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.write(reset);
    await eventually(() => life.stateOf(A) === 'resetting');
    socket.write(encodePlainRequest('GET', '/v1/nothing'));
    release();
    await eventually(() => text.includes('ROUTE_NOT_FOUND'));
    expect(text.indexOf('"gone"')).toBeLessThan(text.indexOf('ROUTE_NOT_FOUND'));
    socket.destroy();
  });

  it('is answered to its end when the service stops, and its connection closed', async () => {
    await life.cold(A);
    const release = life.engine.hold('remove');
    const answered = exchange(encodePlainRequest('POST', `/v1/containers/${A}/reset`, transition()));
    await eventually(() => life.stateOf(A) === 'resetting');
    const stopped = server.stop(AbortSignal.timeout(60_000));
    release();
    expect((await answered).status).toBe(200);
    await stopped;
    await server.start();
  });
});

describe('the watch', () => {
  it('gives a snapshot, every change in order with growing revisions, and heartbeats', async () => {
    await life.cold(A);
    const response = await open('GET', '/v1/containers?watch');
    const lines = createInterface({ input: response })[Symbol.asyncIterator]();
    const next = async (): Promise<WatchEvent> => parseWatchEvent(JSON.parse((await lines.next()).value as string));
    const snapshot = await next();
    expect(snapshot).toMatchObject({ type: 'snapshot', containers: [{ containerId: A, state: 'cold' }] });
    await life.containers.reset(A, { operationId: 'x', reason: 'surplus' }, life.signal);
    const changes = [await next(), await next()];
    expect(changes).toMatchObject([{ container: { state: 'resetting' } }, { container: { state: 'gone', reason: 'surplus' } }]);
    expect(changes[1]?.revision).toBe((changes[0]?.revision ?? 0) + 1);
    expect(changes[0]?.revision).toBe(snapshot.revision + 1);
    life.clock.advance(5_000);
    expect(await next()).toEqual({ type: 'heartbeat', revision: life.registry.revision });
    response.destroy();
  });

  it('ends when the service stops, so that stopping does not wait for it', async () => {
    const response = await open('GET', '/v1/containers?watch');
    const ended = new Promise((resolve) => response.once('end', resolve));
    response.resume();
    await server.stop(AbortSignal.timeout(60_000));
    await ended;
    expect(existsSync(socketPath)).toBe(false);
    await server.start();
  });
});

describe('paths', () => {
  it('have at most one variable part, of a fixed form', () => {
    expect(matchPath(`/v1/containers/${A}/warm-up`)).toEqual({ pattern: '/v1/containers/{id}/warm-up', id: A });
    expect(matchPath(`/v1/containers/${A}`)).toEqual({ pattern: '/v1/containers/{id}', id: A });
    expect(matchPath(`/v1/containers/${A}/a/b`).id).toBe('');
    expect(matchPath(`/v1/containers/${A.toUpperCase()}`).id).toBe('');
  });
});
