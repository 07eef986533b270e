import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TriggerView } from '@easyfaas/contracts/wire';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { type Answer, type CallOptions, type Client, clientOf, codeOf, jsonBody, messageOf } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

const SOURCE = { headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async (event) => event;' };
const CRON = { Source: 'cron', FunctionName: 'target', Configuration: { Schedule: 'rate(1 hour)' } };

describeWithRedis('/v1/triggers', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  let tenant: Client;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
    const { Key } = (await call('/v1/keys', { method: 'POST', ...jsonBody({ AccountId: 'tenant' }) })).json<{ Key: string }>();
    tenant = clientOf(api.url, Key);
    await deploy('target');
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const deploy = async (name: string, client = call): Promise<void> => {
    const answer = await client(`/v1/functions/${name}?Runtime=nodejs20&Handler=index.handler`, { method: 'POST', ...SOURCE });
    expect(answer.status).toBe(201);
  };
  const post = (body: unknown, client = call): Promise<Answer> => client('/v1/triggers', { method: 'POST', ...jsonBody(body) });
  const create = async (body: unknown, client = call): Promise<TriggerView> => {
    const answer = await post(body, client);
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.json<TriggerView>();
  };
  const read = async (triggerId: string): Promise<TriggerView> => (await call(`/v1/triggers/${triggerId}`)).json<TriggerView>();
  const put = (triggerId: string, body: unknown, options: CallOptions = {}): Promise<Answer> => {
    const json = jsonBody(body);
    return call(`/v1/triggers/${triggerId}`, { method: 'PUT', body: json.body, headers: { ...json.headers, ...options.headers } });
  };

  it('makes, shows, lists and deletes one', async () => {
    const answer = await post({ ...CRON, Name: 'hourly', Qualifier: '$LATEST' });
    const created = answer.json<TriggerView>();
    expect(answer.headers.get('location')).toBe(`/v1/triggers/${created.TriggerId}`);
    expect(created).toMatchObject({
      Name: 'hourly',
      Source: 'cron',
      FunctionName: 'target',
      Qualifier: '$LATEST',
      Configuration: { Schedule: 'rate(1 hour)', TimeZone: 'UTC', MissedRuns: 'latest', Overlap: 'allow', JitterSeconds: 0 },
      SecretNames: [],
      Enabled: true,
      State: 'active',
      Counters: { Received: 0, Accepted: 0 },
    });
    expect(created.Details['NextRuns']).toHaveLength(5);
    expect(await read(created.TriggerId)).toEqual(created);
    const listed = (await call('/v1/triggers')).json<{ Triggers: TriggerView[] }>();
    expect(listed.Triggers).toEqual([created]);
    expect((await call('/v1/functions/target/triggers')).json()).toEqual(listed);
    expect((await call(`/v1/triggers/${created.TriggerId}`, { method: 'DELETE' })).status).toBe(204);
    expect(codeOf(await call(`/v1/triggers/${created.TriggerId}`))).toBe('TRIGGER_NOT_FOUND');
    expect((await call('/v1/functions/target/triggers')).json()).toEqual({ Triggers: [] });
  });

  it('lists in pages', async () => {
    const ids = new Set<string>();
    for (let count = 0; count < 5; count += 1) ids.add((await create(CRON)).TriggerId);
    const seen: string[] = [];
    let marker: string | undefined;
    do {
      const query = marker === undefined ? '' : `&marker=${marker}`;
      const page = (await call(`/v1/triggers?maxItems=2${query}`)).json<{ Triggers: TriggerView[]; NextMarker?: string }>();
      seen.push(...page.Triggers.map(({ TriggerId }) => TriggerId));
      marker = page.NextMarker;
    } while (marker !== undefined);
    expect(new Set(seen)).toEqual(ids);
    expect(seen).toHaveLength(5);
    for (const triggerId of ids) await call(`/v1/triggers/${triggerId}`, { method: 'DELETE' });
  });

  it('changes one, only the revision that is meant', async () => {
    const { TriggerId, RevisionId } = await create(CRON);
    const changed = (await put(TriggerId, { Name: 'new-name' }, { headers: { 'If-Match': `"${RevisionId}"` } })).json<TriggerView>();
    expect(changed).toMatchObject({ Name: 'new-name', Configuration: { Schedule: 'rate(1 hour)' } });
    expect(changed.RevisionId).not.toBe(RevisionId);
    expect(codeOf(await put(TriggerId, { Name: 'again', RevisionId }))).toBe('PRECONDITION_FAILED');
    expect(
      (await put(TriggerId, { Configuration: { Schedule: '0 5 * * *', TimeZone: 'Europe/Berlin' } })).json<TriggerView>().Configuration,
    ).toEqual({
      Schedule: '0 5 * * *',
      TimeZone: 'Europe/Berlin',
      MissedRuns: 'latest',
      Overlap: 'allow',
      JitterSeconds: 0,
      Input: null,
    });
    await call(`/v1/triggers/${TriggerId}`, { method: 'DELETE' });
  });

  it('pauses with a reason and resumes', async () => {
    const { TriggerId } = await create(CRON);
    const paused = await call(`/v1/triggers/${TriggerId}/pause`, { method: 'POST' });
    expect(paused.json()).toMatchObject({ Enabled: false, State: 'paused', StateReason: 'Paused by a caller of the API.' });
    const resumed = (await call(`/v1/triggers/${TriggerId}/resume`, { method: 'POST' })).json<TriggerView>();
    expect([resumed.State, resumed.StateReason]).toEqual(['active', undefined]);
    await call(`/v1/triggers/${TriggerId}`, { method: 'DELETE' });
  });

  it.each([
    ['an unknown source', { Source: 'pigeon' }, 'VALIDATION_FAILED', 'there are cron, http'],
    ['an unknown member', { Schedule: 'x' }, 'VALIDATION_FAILED', 'Schedule'],
    ['an unknown member of the configuration', { Configuration: { Schedule: 'rate(1 hour)', Colour: 1 } }, 'VALIDATION_FAILED', 'Colour'],
    ['no configuration', { Configuration: {} }, 'VALIDATION_FAILED', 'Schedule'],
    ['F124 an unknown time zone', { Configuration: { Schedule: '* * * * *', TimeZone: 'Mars/Phobos' } }, 'VALIDATION_FAILED', 'IANA'],
    ['a broken filter', { Filter: { Filters: [{ Pattern: { a: [] } }] } }, 'VALIDATION_FAILED', 'Filter.Filters.0.Pattern.a'],
    ['a secret that nobody needs', { Secrets: { HmacSecret: 'x' } }, 'VALIDATION_FAILED', 'knows no secret'],
    ['an unknown function', { FunctionName: 'nothing' }, 'FUNCTION_NOT_FOUND', 'nothing'],
    ['an unknown version', { Qualifier: '7' }, 'FUNCTION_NOT_FOUND', ''],
    ["F127 another account's function", { FunctionName: 'brn:cloud:faas:local:tenant:function:theirs' }, 'FUNCTION_NOT_FOUND', 'theirs'],
    ['text where a number belongs', { Batch: { Size: '5' } }, 'VALIDATION_FAILED', 'Size'],
    ['too large an input', { Configuration: { Schedule: 'rate(1 hour)', Input: 'x'.repeat(70_000) } }, 'VALIDATION_FAILED', '65536'],
  ])('refuses %s', async (_title, change, code, words) => {
    const answer = await post({ ...CRON, ...change });
    expect(codeOf(answer)).toBe(code);
    expect(messageOf(answer)).toContain(words);
  });

  it("F127 is about the caller's own account only, in the same words for what is not there", async () => {
    await deploy('theirs', tenant);
    const { TriggerId } = await create({ ...CRON, FunctionName: 'theirs' }, tenant);
    const missing = 'ffffffffffffffff';
    for (const [method, suffix] of [
      ['GET', ''],
      ['PUT', ''],
      ['DELETE', ''],
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['GET', '/dead-letters'],
      ['DELETE', '/dead-letters'],
      ['POST', '/dead-letters/redrive'],
    ] as const) {
      const options =
        method === 'PUT' || suffix.endsWith('redrive')
          ? { method, ...jsonBody({ ...(method === 'PUT' ? {} : { All: true }) }) }
          : { method };
      const [foreign, absent] = [
        await call(`/v1/triggers/${TriggerId}${suffix}`, options),
        await call(`/v1/triggers/${missing}${suffix}`, options),
      ];
      expect([method, suffix, foreign.status, codeOf(foreign)]).toEqual([method, suffix, 404, 'TRIGGER_NOT_FOUND']);
      expect(messageOf(foreign)).toBe(messageOf(absent));
    }
    expect((await call('/v1/triggers')).json<{ Triggers: TriggerView[] }>().Triggers).toEqual([]);
    expect((await tenant(`/v1/triggers/${TriggerId}`)).status).toBe(200);
    await tenant(`/v1/triggers/${TriggerId}`, { method: 'DELETE' });
  });

  it('F127 a function with triggers is deleted with them or not at all', async () => {
    await deploy('doomed');
    const { TriggerId } = await create({ ...CRON, FunctionName: 'doomed' });
    const refused = await call('/v1/functions/doomed', { method: 'DELETE' });
    expect(codeOf(refused)).toBe('TRIGGERS_EXIST');
    expect(messageOf(refused)).toContain(TriggerId);
    expect((await call('/v1/functions/doomed?cascade=true', { method: 'DELETE' })).status).toBe(204);
    expect((await call(`/v1/triggers/${TriggerId}`)).status).toBe(404);
    expect(codeOf(await call('/v1/functions/target?cascade=perhaps', { method: 'DELETE' }))).toBe('VALIDATION_FAILED');
  });

  it('F127 a trigger whose function went away some other way is out of service and visible', async () => {
    await deploy('gone');
    const { TriggerId } = await create({ ...CRON, FunctionName: 'gone', Configuration: { Schedule: 'rate(1 hour)' } });
    await api.functionStore.delete('default', 'gone');
    await eventually(async () => {
      const { State, StateReason = '' } = await read(TriggerId);
      if (State !== 'paused' || !StateReason.includes('gone was deleted')) throw new Error(`${State} ${StateReason}`);
    }, 10_000);
    expect(codeOf(await call(`/v1/triggers/${TriggerId}/resume`, { method: 'POST' }))).toBe('FUNCTION_NOT_FOUND');
    await call(`/v1/triggers/${TriggerId}`, { method: 'DELETE' });
  });

  it('shows a secret to nobody and keeps it sealed', async () => {
    const HmacSecret = 'planted-secret-0815';
    const hook = { Source: 'http', FunctionName: 'target', Configuration: { Auth: 'hmac' }, Secrets: { HmacSecret } };
    const created = await post(hook);
    const { TriggerId, SecretNames } = created.json<TriggerView>();
    expect(SecretNames).toEqual(['HmacSecret']);
    const texts = [created.text, (await call(`/v1/triggers/${TriggerId}`)).text, (await call('/v1/triggers')).text];
    const keys = await api.client.redis.keys('*');
    for (const key of keys) {
      const dumped = await api.client.redis.dumpBuffer(key);
      texts.push(dumped?.toString('latin1') ?? '');
    }
    expect(keys.length).toBeGreaterThan(3);
    expect(texts.filter((text) => text.includes(HmacSecret))).toEqual([]);
    expect(readFileSync(join(api.dataDir, 'secrets.key'), 'utf8')).toMatch(/^[\w+/]{43}=\n$/);
    expect(codeOf(await put(TriggerId, { Secrets: { HmacSecret: null } }))).toBe('VALIDATION_FAILED');
    expect(
      (await put(TriggerId, { Configuration: { Auth: 'none' }, Secrets: { HmacSecret: null } })).json<TriggerView>().SecretNames,
    ).toEqual([]);
    await call(`/v1/triggers/${TriggerId}`, { method: 'DELETE' });
  });
});
