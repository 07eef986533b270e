import { zipSingleFile } from '@easyfaas/code-package';
import type { AliasConfiguration, FunctionConfiguration } from '@easyfaas/contracts/wire';
import { RedisFunctionStore } from '../src/functions/redis-function-store';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, codeOf, jsonBody, messageOf, type Answer, type Client } from './http-client';
import { connectTo, describeWithRedis, startRedis, type RedisClient, type TestRedis } from './redis-server';

describeWithRedis('versions and aliases over the API', () => {
  let redis: TestRedis;
  let other: RedisClient;
  let api: ApiUnderTest;
  let call: Client;
  let sequence = 0;

  beforeAll(async () => {
    redis = await startRedis();
    other = await connectTo(redis);
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
  });

  afterAll(async () => {
    await api.stop();
    other.close();
    await redis.stop();
  });

  const base64Saying = async (text: string): Promise<string> =>
    (await zipSingleFile('index.js', `exports.handler = async () => '${text}';`)).toString('base64');
  const made = async (more: object = {}): Promise<string> => {
    const name = `f-${++sequence}`;
    const body = { Runtime: 'nodejs20', Handler: 'index.handler', Code: { ZipFile: await base64Saying(name) }, ...more };
    expect((await call(`/v1/functions/${name}`, { method: 'POST', ...jsonBody(body) })).status).toBe(201);
    return name;
  };
  const post = (path: string, body: unknown): Promise<Answer> => call(`/v1/functions/${path}`, { method: 'POST', ...jsonBody(body) });
  const put = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
    const json = jsonBody(body);
    return call(`/v1/functions/${path}`, { method: 'PUT', body: json.body, headers: { ...json.headers, ...headers } });
  };
  const publish = async (name: string, body: object = {}): Promise<FunctionConfiguration> => {
    const answer = await post(`${name}/versions`, body);
    expect(answer.status).toBe(201);
    return answer.json<FunctionConfiguration>();
  };
  const publishNew = async (name: string, text: string): Promise<FunctionConfiguration> =>
    (await put(`${name}/code`, { ZipFile: await base64Saying(text), Publish: true })).json<FunctionConfiguration>();
  const commitOf = async (name: string, qualifier: string): Promise<string> =>
    (await api.directory.find('default', name, qualifier)).configuration.CommitId;

  it('publishes with and without a body, once per commit, and shows what was published', async () => {
    const name = await made();
    const first = await call(`/v1/functions/${name}/versions`, { method: 'POST' });
    expect(first.status).toBe(201);
    expect(first.json()).toMatchObject({ Version: '1', FunctionArn: `brn:cloud:faas:local:default:function:${name}:1`, State: 'Active' });
    expect(first.headers.get('etag')).toBe(`"${first.json<FunctionConfiguration>().RevisionId}"`);
    expect((await publish(name, { Description: 'same' })).Version).toBe('1');
    expect((await publishNew(name, 'two')).Version).toBe('2');
    for (const path of [
      `${name}/configuration?Qualifier=1`,
      `${name}:1/configuration`,
      encodeURIComponent(first.json<FunctionConfiguration>().FunctionArn) + '/configuration',
    ]) {
      expect((await call(`/v1/functions/${path}`)).json()).toEqual(first.json());
    }
    const whole = (await call(`/v1/functions/${name}?Qualifier=2`)).json<{ Configuration: FunctionConfiguration }>();
    expect(whole.Configuration).toMatchObject({ Version: '2', FunctionName: name });
  });

  it('publishes on creation and on a code update, also of one source file', async () => {
    const name = `f-${++sequence}`;
    const upload = (path: string, method: string, text: string): Promise<Answer> =>
      call(`/v1/functions/${path}`, { method, headers: { 'Content-Type': 'text/javascript' }, body: `// ${text}` });
    expect((await upload(`${name}?Publish=true`, 'POST', 'one')).json()).toMatchObject({ Version: '1' });
    expect((await upload(`${name}/code?Publish=true`, 'PUT', 'two')).json()).toMatchObject({ Version: '2' });
    expect((await upload(`${name}/code?Publish=false`, 'PUT', 'three')).json()).toMatchObject({ Version: '$LATEST' });
    expect(codeOf(await upload(`${name}/code?Publish=maybe`, 'PUT', 'four'))).toBe('VALIDATION_FAILED');
    expect((await call(`/v1/functions/${name}/versions`)).json<{ Versions: object[] }>().Versions).toHaveLength(3);
  });

  it('gives one number to each of several publications at once', async () => {
    const name = await made();
    const same = await Promise.all(Array.from({ length: 5 }, () => publish(name)));
    expect(new Set(same.map(({ Version }) => Version))).toEqual(new Set(['1']));
    const { Versions } = (await call(`/v1/functions/${name}/versions`)).json<{ Versions: FunctionConfiguration[] }>();
    expect(Versions.map(({ Version }) => Version)).toEqual(['$LATEST', '1']);
  });

  it('lists versions in pages and refuses a forged marker', async () => {
    const name = await made();
    for (const text of ['a', 'b', 'c']) await publishNew(name, text);
    const seen: string[] = [];
    let marker = '';
    do {
      const page = (await call(`/v1/functions/${name}/versions?maxItems=2${marker}`)).json<{
        Versions: FunctionConfiguration[];
        NextMarker?: string;
      }>();
      seen.push(...page.Versions.map(({ Version }) => Version));
      marker = page.NextMarker === undefined ? '' : `&marker=${page.NextMarker}`;
    } while (marker !== '');
    expect(seen).toEqual(['$LATEST', '1', '2', '3']);
    for (const query of ['marker=x', 'maxItems=0', 'maxItems=101', 'other=1']) {
      expect(codeOf(await call(`/v1/functions/${name}/versions?${query}`))).toBe('VALIDATION_FAILED');
    }
  });

  it('is refused for other code, another revision, and on a version', async () => {
    const name = await made();
    expect(codeOf(await post(`${name}/versions`, { CodeSha256: 'other' }))).toBe('PRECONDITION_FAILED');
    expect(codeOf(await post(`${name}/versions`, { RevisionId: 'other' }))).toBe('PRECONDITION_FAILED');
    expect(codeOf(await post(`${name}/versions`, { Unknown: 1 }))).toBe('VALIDATION_FAILED');
    await publish(name);
    expect(codeOf(await put(`${name}:1/configuration`, { Timeout: 9 }))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(await post('nothing/versions', {}))).toBe('FUNCTION_NOT_FOUND');
  });

  it('makes, lists, changes and deletes aliases by revision', async () => {
    const name = await made({ Publish: true });
    await publishNew(name, 'two');
    const answer = await post(`${name}/aliases`, { Name: 'live', FunctionVersion: '1', Description: 'd' });
    expect([answer.status, answer.headers.get('location')]).toEqual([201, `/v1/functions/${name}/aliases/live`]);
    const alias = answer.json<AliasConfiguration>();
    expect(alias.AliasArn).toBe(`brn:cloud:faas:local:default:function:${name}:live`);
    expect((await call(`/v1/functions/${name}/aliases`)).json()).toEqual({ Aliases: [alias] });
    expect(codeOf(await post(`${name}/aliases`, { Name: 'live', FunctionVersion: '1' }))).toBe('CONFLICT');
    const changed = await put(
      `${name}/aliases/live`,
      { RoutingConfig: { AdditionalVersionWeights: { '2': 0.3 } } },
      { 'If-Match': `"${alias.RevisionId}"` },
    );
    expect(changed.json()).toMatchObject({
      FunctionVersion: '1',
      Description: 'd',
      RoutingConfig: { AdditionalVersionWeights: { '2': 0.3 } },
    });
    expect(codeOf(await put(`${name}/aliases/live`, { FunctionVersion: '2', RevisionId: alias.RevisionId }))).toBe('PRECONDITION_FAILED');
    expect(codeOf(await call(`/v1/functions/${name}?Qualifier=2`, { method: 'DELETE' }))).toBe('CONFLICT');
    expect(codeOf(await call(`/v1/functions/${name}/aliases/live`, { method: 'DELETE', headers: { 'If-Match': '"x"' } }))).toBe(
      'PRECONDITION_FAILED',
    );
    expect((await call(`/v1/functions/${name}/aliases/live`, { method: 'DELETE' })).status).toBe(204);
    expect(codeOf(await call(`/v1/functions/${name}/aliases/live`))).toBe('ALIAS_NOT_FOUND');
  });

  it.each([
    { Name: '7', FunctionVersion: '1' },
    { Name: 'a.b', FunctionVersion: '1' },
    { Name: '', FunctionVersion: '1' },
    { Name: 'x'.repeat(129), FunctionVersion: '1' },
    { Name: 'a', FunctionVersion: 'live' },
    { Name: 'a', FunctionVersion: '9' },
    { Name: 'a', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 1.5 } } },
    { Name: 'a', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': -0.1 } } },
    { Name: 'a', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': '0.1' } } },
    { Name: 'a', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.1, '3': 0.1 } } },
    { Name: 'a' },
  ])('refuses the alias %j', async (body) => {
    const name = await made({ Publish: true });
    expect(codeOf(await post(`${name}/aliases`, body))).toBe('VALIDATION_FAILED');
  });

  it('reaches the directory of every controller at once', async () => {
    const name = await made({ Publish: true });
    const second = await publishNew(name, 'two');
    await post(`${name}/aliases`, { Name: 'live', FunctionVersion: '1' });
    const first = await commitOf(name, '1');
    expect(await commitOf(name, 'live')).toBe(first);
    await put(`${name}/aliases/live`, { FunctionVersion: '2' });
    await eventually(async () => expect(await commitOf(name, 'live')).toBe(second.CommitId), 20_000);
    const remote = new RedisFunctionStore({ ...other, prefix: redis.prefix });
    const alias = await remote.versions.getAlias({ accountId: 'default', functionName: name }, 'live');
    await remote.versions.putAlias(
      { accountId: 'default', functionName: name },
      { ...(alias as AliasConfiguration), FunctionVersion: '1', RevisionId: 'r' },
      alias?.RevisionId,
    );
    await eventually(async () => expect(await commitOf(name, 'live')).toBe(first), 20_000);
  });

  it('deletes one version by its number, everything with the function, and $LATEST never alone', async () => {
    const name = await made({ Publish: true });
    await publishNew(name, 'two');
    await post(`${name}/aliases`, { Name: 'live', FunctionVersion: '2' });
    for (const path of [`${name}?Qualifier=$LATEST`, `${name}:$LATEST`, `${name}?Qualifier=live`]) {
      expect(codeOf(await call(`/v1/functions/${path}`, { method: 'DELETE' }))).toBe('VALIDATION_FAILED');
    }
    expect((await call(`/v1/functions/${name}:1`, { method: 'DELETE' })).status).toBe(204);
    expect(codeOf(await call(`/v1/functions/${name}:1`))).toBe('FUNCTION_NOT_FOUND');
    expect((await call(`/v1/functions/${name}`, { method: 'DELETE' })).status).toBe(204);
    for (const path of [name, `${name}/versions`, `${name}/aliases`, `${name}:2`, `${name}:live`]) {
      const answer = await call(`/v1/functions/${path}`);
      expect([codeOf(answer), messageOf(answer)]).toEqual(['FUNCTION_NOT_FOUND', expect.stringContaining(name)]);
    }
    expect(await api.client.redis.keys(`${redis.prefix}:*:default:${name}`)).toEqual([]);
  });
});
