import { createHmac } from 'node:crypto';
import type { TriggerView } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { genericSignature } from '../src/triggers/web/signature';
import { startApi, type ApiUnderTest } from './api-under-test';
import { type Answer, type Client, clientOf, codeOf, jsonBody, messageOf } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

const SOURCE = { headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async (event) => event;' };
const nowS = (): number => Math.floor(Date.now() / 1000);
const hmac = (text: string): string => createHmac('sha256', 'shared').update(text).digest('hex');

describeWithRedis('triggers that take events over HTTP', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  let anyone: Client;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
    anyone = clientOf(api.url);
    expect((await call('/v1/functions/target?Runtime=nodejs20&Handler=index.handler', { method: 'POST', ...SOURCE })).status).toBe(201);
  });

  beforeEach(() => {
    api.events.length = 0;
    api.intake.failure = undefined;
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const create = async (Source: string, Configuration: object, more: object = {}): Promise<{ url: string; triggerId: string }> => {
    const body = { Source, FunctionName: 'target', Configuration, ...more };
    const answer = await call('/v1/triggers', { method: 'POST', ...jsonBody(body) });
    if (answer.status !== 201) throw new Error(answer.text);
    const { Details, TriggerId } = answer.json<TriggerView>();
    return { url: String(Details['Url']), triggerId: TriggerId };
  };
  const hook = (Scheme: string, more: object = {}): Promise<{ url: string; triggerId: string }> =>
    create('webhook', { Scheme }, { Secrets: { SigningSecret: 'shared' }, ...more });
  const send = (url: string, headers: Record<string, string>, body: string): Promise<Answer> =>
    anyone(url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body });
  const bodies = (): unknown[] => api.events.map(({ payload }) => (JSON.parse(payload.toString()) as { body: unknown }).body);

  it('D11 a delivery of GitHub is durable before its 202, and runs once', async () => {
    const { url, triggerId } = await hook('github');
    const body = '{"action":"opened"}';
    const headers = { 'X-Hub-Signature-256': `sha256=${hmac(body)}`, 'X-GitHub-Event': 'issues', 'X-GitHub-Delivery': '1' };
    const first = await send(url, headers, body);
    expect([first.status, first.json<{ Status: string }>().Status]).toEqual([202, 'accepted']);
    const again = await send(url, { ...headers, 'X-GitHub-Delivery': '2' }, body);
    expect([again.status, again.json<{ Status: string }>().Status]).toEqual([202, 'duplicate']);
    expect(bodies()).toEqual([body]);
    expect(api.events[0]).toMatchObject({ functionName: 'target', source: `trigger:${triggerId}` });
    expect(JSON.parse(api.events[0]?.payload.toString() ?? '')).toMatchObject({ headers: { 'x-github-event': 'issues' } });
  });

  it('D11 an event of Stripe that is sent again with a new signature runs once', async () => {
    const { url } = await hook('stripe');
    const body = '{"id":"evt_1","type":"charge"}';
    for (const [ageS, status] of [
      [0, 'accepted'],
      [10, 'duplicate'],
    ] as const) {
      const t = nowS() - ageS;
      const answer = await send(url, { 'Stripe-Signature': `t=${t},v1=${hmac(`${t}.${body}`)}` }, body);
      expect(answer.json<{ Status: string }>().Status).toBe(status);
    }
    expect(api.events).toHaveLength(1);
  });

  it('D11 Slack hears its challenge and delivers then', async () => {
    const { url } = await hook('slack');
    const post = (body: string): Promise<Answer> => {
      const t = nowS();
      return send(url, { 'X-Slack-Request-Timestamp': String(t), 'X-Slack-Signature': `v0=${hmac(`v0:${t}:${body}`)}` }, body);
    };
    expect((await post('{"type":"url_verification","challenge":"abc"}')).json()).toEqual({ challenge: 'abc' });
    expect((await post('{"type":"event_callback","event_id":"Ev1"}')).status).toBe(202);
    expect(api.events).toHaveLength(1);
  });

  it('T28 refuses forged, stale and repeated requests in the same words', async () => {
    const { url } = await hook('generic');
    const sign = (value: string): Record<string, string> => ({ 'X-Easyfaas-Signature': value });
    const good = genericSignature('shared', 'x', nowS());
    expect((await send(url, sign(good), 'x')).status).toBe(202);
    const refused = [
      await send(url, sign(good), 'x'),
      await send(url, {}, 'x'),
      await send(url, sign(genericSignature('wrong', 'x', nowS())), 'x'),
      await send(url, sign(genericSignature('shared', 'x', nowS() - 301)), 'x'),
      await send(url, sign(good), 'y'),
    ];
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'UNAUTHORIZED'));
    expect(new Set(refused.map(({ text }) => text.replace(/"requestId":"[^"]+"/, ''))).size).toBe(1);
    expect(api.events).toHaveLength(1);
  });

  it('a delivery that could not be kept is not acknowledged, and can be sent again', async () => {
    const { url } = await hook('generic');
    api.intake.failure = new ServiceError('STORE_UNAVAILABLE', 'away');
    const headers = { 'X-Easyfaas-Signature': genericSignature('shared', 'x', nowS()) };
    expect(codeOf(await send(url, headers, 'x'))).toBe('STORE_UNAVAILABLE');
    api.intake.failure = undefined;
    expect((await send(url, headers, 'x')).status).toBe(202);
    expect(api.events).toHaveLength(1);
  });

  it('filters by the body, shows its counters, and can be paused', async () => {
    const { url, triggerId } = await hook('github', { Filter: { Filters: [{ Pattern: { action: ['opened'] } }] } });
    const post = (body: string): Promise<Answer> => send(url, { 'X-Hub-Signature-256': `sha256=${hmac(body)}` }, body);
    expect((await post('{"action":"closed"}')).json()).toEqual({ Status: 'filtered' });
    expect((await post('{"action":"opened"}')).json()).toMatchObject({ Status: 'accepted' });
    expect((await call(`/v1/triggers/${triggerId}`)).json<TriggerView>().Counters).toMatchObject({ Received: 2, Filtered: 1, Accepted: 1 });
    await call(`/v1/triggers/${triggerId}/pause`, { method: 'POST' });
    expect(codeOf(await post('{"action":"opened","n":2}'))).toBe('TRIGGER_PAUSED');
  });

  it('T2 an address without a trigger looks like any other to who has no key', async () => {
    for (const path of ['/webhooks/default/0123456789abcdef', '/cloudevents/default/x', '/webhooks/default/constructor']) {
      expect(codeOf(await send(path, {}, '{}'))).toBe('UNAUTHORIZED');
      expect(codeOf(await call(path, { method: 'POST', ...jsonBody({}) }))).toBe('ROUTE_NOT_FOUND');
    }
    const { url } = await hook('generic');
    expect(codeOf(await send(url.replace('webhooks', 'cloudevents'), {}, '{}'))).toBe('UNAUTHORIZED');
  });

  describe('as CloudEvents', () => {
    const EVENT = { specversion: '1.0', id: '1', source: '/shop', type: 'order' };
    const post = (url: string, contentType: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
      call(url, { method: 'POST', headers: { 'Content-Type': contentType, ...headers }, body });
    const taken = (): unknown[] => api.events.map(({ payload }) => JSON.parse(payload.toString()) as unknown);

    it('D11 takes the binary, the structured and the batched form', async () => {
      const { url } = await create('cloudevents', {});
      const ce = { 'ce-specversion': '1.0', 'ce-id': 'b1', 'ce-source': '/shop', 'ce-type': 'order', 'ce-region': 'eu' };
      expect((await post(url, 'application/json', '{"n":1}', ce)).json()).toEqual({ Events: [{ Id: 'b1', Status: 'accepted' }] });
      expect((await post(url, 'image/png', Buffer.from([0, 255]), { ...ce, 'ce-id': 'b2' })).status).toBe(202);
      expect((await post(url, 'application/cloudevents+json', JSON.stringify({ ...EVENT, data: { n: 2 } }))).status).toBe(202);
      const batch = [EVENT, { ...EVENT, id: '2' }];
      expect((await post(url, 'application/cloudevents-batch+json', JSON.stringify(batch))).json()).toEqual({
        Events: [
          { Id: '1', Status: 'duplicate' },
          { Id: '2', Status: 'accepted' },
        ],
      });
      expect(taken()).toEqual([
        { specversion: '1.0', id: 'b1', source: '/shop', type: 'order', region: 'eu', datacontenttype: 'application/json', data: { n: 1 } },
        { specversion: '1.0', id: 'b2', source: '/shop', type: 'order', region: 'eu', datacontenttype: 'image/png', data_base64: 'AP8=' },
        { ...EVENT, data: { n: 2 } },
        { ...EVENT, id: '2' },
      ]);
    });

    it.each([
      ['no event at all', 'application/json', '{}', 'ce- headers'],
      ['a missing member', 'application/cloudevents+json', '{"specversion":"1.0","id":"1","source":"/s"}', 'type'],
      ['an unknown version', 'application/cloudevents+json', '{"specversion":"2.0","id":"1","source":"/s","type":"t"}', 'specversion'],
      ['what is not JSON', 'application/cloudevents+json', '{', 'not JSON'],
      ['a list where one is due', 'application/cloudevents+json', '[]', 'must be an object'],
      ['an object where a list is due', 'application/cloudevents-batch+json', '{}', 'must be a list'],
      [
        'a forbidden name',
        'application/cloudevents+json',
        '{"specversion":"1.0","id":"1","source":"/s","type":"t","toString":"x"}',
        'toString',
      ],
    ])('refuses %s', async (_title, contentType, body, words) => {
      const { url } = await create('cloudevents', {});
      const answer = await post(url, contentType, body);
      expect([codeOf(answer), messageOf(answer)]).toEqual(['VALIDATION_FAILED', expect.stringContaining(words)]);
      expect(api.events).toEqual([]);
    });

    it('answers the handshake of who may deliver', async () => {
      const { url } = await create('cloudevents', { AllowedOrigins: ['events.test'], RateLimit: { RequestsPerSecond: 2, Burst: 2 } });
      const ask = (origin: string): Promise<Answer> => anyone(url, { method: 'OPTIONS', headers: { 'WebHook-Request-Origin': origin } });
      const allowed = await ask('events.test');
      expect([allowed.status, allowed.headers.get('webhook-allowed-origin'), allowed.headers.get('webhook-allowed-rate')]).toEqual([
        200,
        'events.test',
        '120',
      ]);
      expect(codeOf(await ask('evil.test'))).toBe('FORBIDDEN');
    });

    it('needs a key, or a signature', async () => {
      const { url } = await create('cloudevents', {});
      const body = JSON.stringify(EVENT);
      expect(codeOf(await send(url, { 'Content-Type': 'application/cloudevents+json' }, body))).toBe('UNAUTHORIZED');
      const signed = await create('cloudevents', { Auth: 'hmac' }, { Secrets: { HmacSecret: 'shared' } });
      const headers = { 'Content-Type': 'application/cloudevents+json', 'X-Easyfaas-Signature': genericSignature('shared', body, nowS()) };
      expect((await send(signed.url, headers, body)).status).toBe(202);
      expect(codeOf(await send(signed.url, { 'Content-Type': 'application/cloudevents+json' }, body))).toBe('UNAUTHORIZED');
    });
  });
});
