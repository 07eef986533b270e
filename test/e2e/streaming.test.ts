import type { TriggerView } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { call, callJson, deploy, invoke, removeDeployments, stack, type Language } from '../support/stack';

const triggerIds: string[] = [];
afterAll(async () => {
  for (const triggerId of triggerIds) await call(`/v1/triggers/${triggerId}`, { method: 'DELETE' });
  await removeDeployments();
});

/** Each call opens the gate that another one waits at, so that nothing here depends on time. */
const SOURCES: Record<Language, string> = {
  nodejs20: `
const gate = {};
gate.opened = new Promise((resolve) => (gate.open = resolve));
let isCancelled = false;
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  const { mode } = event.queryStringParameters ?? event;
  if (mode === 'open') gate.open();
  if (mode === 'look') return void stream.end(String(isCancelled));
  const statusCode = mode === 'odd' ? 99 : 201;
  const out = awslambda.HttpResponseStream.from(stream, { statusCode, headers: { 'Content-Type': 'text/event-stream' }, cookies: ['a=b'] });
  out.write('data: 1\\n\\n');
  if (mode === 'wait') await gate.opened;
  if (mode === 'stay') await new Promise((resolve) => context.signal.addEventListener('abort', () => resolve(isCancelled = true)));
  if (mode === 'fail') throw new RangeError('too far');
  out.end('data: 2\\n\\n');
});`,
  python3: `
import asyncio
gate = None
is_cancelled = False

async def handler(event, context):
    global gate, is_cancelled
    gate = gate or asyncio.Event()
    mode = (event.get('queryStringParameters') or event).get('mode')
    if mode == 'open':
        gate.set()
    if mode == 'look':
        yield 'true' if is_cancelled else 'false'
        return
    context.start_response(99 if mode == 'odd' else 201, {'Content-Type': 'text/event-stream'}, cookies=['a=b'])
    yield 'data: 1\\n\\n'
    if mode == 'wait':
        await gate.wait()
    if mode == 'stay':
        try:
            await asyncio.sleep(3600)
        finally:
            is_cancelled = True
    if mode == 'fail':
        raise ValueError('too far')
    yield 'data: 2\\n\\n'
`,
};

/** An answer whose pieces are read one by one. */
async function open(path: string, init: RequestInit = {}): Promise<{ response: Response; next: () => Promise<string>; leave: () => void }> {
  const leaving = new AbortController();
  const headers = { Authorization: `Bearer ${stack.key}`, ...(init.headers as Record<string, string> | undefined) };
  const response = await fetch(`${stack.url}${path}`, { ...init, headers, signal: leaving.signal });
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error('no body');
  const next = async (): Promise<string> => {
    const { value } = (await reader.read()) as { value?: Uint8Array };
    return value === undefined ? '' : Buffer.from(value).toString();
  };
  return { response, next, leave: () => leaving.abort() };
}

const rest = async (next: () => Promise<string>): Promise<string> => {
  let text = '';
  for (let piece = await next(); piece !== ''; piece = await next()) text += piece;
  return text;
};

describe.each<Language>(['nodejs20', 'python3'])('a streamed answer of %s', (runtime) => {
  let name: string;
  beforeAll(async () => {
    name = await deploy({ runtime, source: SOURCES[runtime], concurrency: 5, timeoutSeconds: 60 });
  });

  const streamed = (mode: string): ReturnType<typeof open> =>
    open(`/v1/functions/${name}/invocations`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Easyfaas-Response-Mode': 'stream' },
      body: JSON.stringify({ mode }),
    });
  const lastRecord = async (requestId: string | null): Promise<Record<string, unknown>> =>
    eventually(async () => {
      const answer = await call(`/v1/invocations/${requestId}`);
      expect(answer.status).toBe(200);
      return answer.json<Record<string, unknown>>();
    }, 20_000);

  it('B5 reaches the client before the function ends', async () => {
    const { response, next } = await streamed('wait');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await next()).toBe('data: 1\n\n');
    await invoke(name, { mode: 'open' });
    expect(await rest(next)).toBe('data: 2\n\n');
    const record = await lastRecord(response.headers.get('x-easyfaas-request-id'));
    expect(record).toMatchObject({ status: 'succeeded', resultBytes: 18 });
    expect(record['stages']).toHaveProperty('firstByteMs');
  });

  it('B5 breaks off when the function fails, and the record says why', async () => {
    const { response, next } = await streamed('fail');
    await expect(rest(next)).rejects.toThrow();
    const record = await lastRecord(response.headers.get('x-easyfaas-request-id'));
    expect(record).toMatchObject({ status: 'failed', errorMessage: 'too far', resultBytes: 9 });
  });

  it('B5 comes whole to who did not ask, and to an event', async () => {
    const answer = await invoke(name, { mode: 'short' });
    expect(answer.text).toBe('data: 1\n\ndata: 2\n\n');
    expect(answer.headers.get('content-length')).toBe('18');
    const accepted = await invoke(name, { mode: 'short' }, { headers: { 'X-Easyfaas-Invoke-Type': 'event' } });
    expect(accepted.status).toBe(202);
    await eventually(async () => {
      const record = (await call(`/v1/invocations/${accepted.json<{ requestId: string }>().requestId}`)).json<Record<string, unknown>>();
      expect(record).toMatchObject({ status: 'succeeded', resultBytes: 18 });
    }, 30_000);
  });

  it('B9 is an HTTP answer of its own status and headers, piece by piece, and ends with its client', async () => {
    const { response, next, leave } = await open(`/http/default/${name}/events?mode=stay`);
    expect(response.status).toBe(201);
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'content-type': 'text/event-stream', 'set-cookie': 'a=b' });
    expect(await next()).toBe('data: 1\n\n');
    leave();
    await eventually(async () => expect((await invoke(name, { mode: 'look' })).text).toBe('true'), 20_000);
  });

  it('B5 reaches a client at OpenFaaS paths before the function ends, with the status and headers of the function', async () => {
    const { response, next, leave } = await open(`/function/${name}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"mode":"stay"}',
    });
    expect([response.status, response.headers.get('content-type'), response.headers.get('set-cookie')]).toEqual([
      201,
      'text/event-stream',
      'a=b',
    ]);
    expect(response.headers.get('x-call-id')).toBe(response.headers.get('x-easyfaas-request-id'));
    expect(await next()).toBe('data: 1\n\n');
    leave();
  });

  it('B9 that is no HTTP answer is an error', async () => {
    const answer = await call(`/http/default/${name}?mode=odd`);
    expect([answer.status, answer.json<{ error: { code: string } }>().error.code]).toEqual([502, 'INVALID_RESPONSE']);
  });
});

it('B9 a trigger can have streamed answers sent whole', async () => {
  const name = await deploy({ runtime: 'nodejs20', source: SOURCES.nodejs20 });
  const made = await callJson('POST', '/v1/triggers', { Source: 'http', FunctionName: name, Configuration: { InvokeMode: 'BUFFERED' } });
  expect(made.status).toBe(201);
  triggerIds.push(made.json<TriggerView>().TriggerId);
  const answer = await call(`/http/default/${name}?mode=short`);
  expect([answer.status, answer.headers.get('content-length'), answer.text]).toEqual([201, '18', 'data: 1\n\ndata: 2\n\n']);
});
