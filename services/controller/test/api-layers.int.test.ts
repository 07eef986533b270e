import { zipSingleFile } from '@easyfaas/code-package';
import type { FunctionConfiguration, LayerVersionView } from '@easyfaas/contracts/wire';
import { startApi, type ApiUnderTest } from './api-under-test';
import { clientOf, codeOf, jsonBody, messageOf, type Answer, type Client } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

describeWithRedis('layers over the API', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  let zip: Buffer;
  let sequence = 0;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
    zip = await zipSingleFile('x.txt', 'x'.repeat(1000));
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const newName = (): string => `l-${++sequence}`;
  const publish = (name: string, more: object = {}): Promise<Answer> =>
    call(`/v1/layers/${name}/versions`, { method: 'POST', ...jsonBody({ Content: { ZipFile: zip.toString('base64') }, ...more }) });
  const create = (name: string, more: object): Promise<Answer> => {
    const body = { Runtime: 'nodejs20', Handler: 'index.handler', Code: { ZipFile: zip.toString('base64') }, ...more };
    return call(`/v1/functions/${name}`, { method: 'POST', ...jsonBody(body) });
  };

  it('are published as JSON and as a zip, numbered, listed latest first, read and deleted', async () => {
    const name = newName();
    const first = await publish(name, { Description: 'd', CompatibleRuntimes: ['nodejs20'] });
    expect([first.status, first.headers.get('location')]).toEqual([201, `/v1/layers/${name}/versions/1`]);
    expect(first.json()).toMatchObject({
      LayerName: name,
      Version: 1,
      LayerVersionArn: `brn:cloud:faas:local:default:layer:${name}:1`,
      Description: 'd',
      CompatibleRuntimes: ['nodejs20'],
      Content: { CodeSize: zip.length, UnpackedSize: 1000 },
    });
    const headers = { 'Content-Type': 'application/zip' };
    const second = await call(`/v1/layers/${name}/versions?Description=two&CompatibleRuntimes=nodejs20,python3`, {
      method: 'POST',
      headers,
      body: zip,
    });
    expect(second.json()).toMatchObject({ Version: 2, Description: 'two', CompatibleRuntimes: ['nodejs20', 'python3'] });
    const versions = (await call(`/v1/layers/${name}/versions`)).json<{ LayerVersions: LayerVersionView[] }>().LayerVersions;
    expect(versions.map(({ Version }) => Version)).toEqual([2, 1]);
    expect((await call(`/v1/layers/${name}/versions/1`)).json()).toEqual(first.json());
    expect((await call(`/v1/layers/${name}/versions/2`, { method: 'DELETE' })).status).toBe(204);
    expect(codeOf(await call(`/v1/layers/${name}/versions/2`))).toBe('LAYER_NOT_FOUND');
    expect((await publish(name)).json()).toMatchObject({ Version: 3 });
    for (const version of [1, 3]) await call(`/v1/layers/${name}/versions/${version}`, { method: 'DELETE' });
    expect((await call('/v1/layers')).text).not.toContain(`"${name}"`);
    expect((await publish(name)).json()).toMatchObject({ Version: 4 });
  });

  it('are listed with their latest version in pages, each account its own', async () => {
    const names = [newName(), newName(), newName()];
    for (const name of [...names, ...names]) await publish(name);
    const seen: string[] = [];
    let marker = '';
    do {
      const page = (await call(`/v1/layers?maxItems=2${marker}`)).json<{
        Layers: { LayerName: string; LatestMatchingVersion: LayerVersionView }[];
        NextMarker?: string;
      }>();
      seen.push(...page.Layers.map((layer) => `${layer.LayerName}:${layer.LatestMatchingVersion.Version}`));
      marker = page.NextMarker === undefined ? '' : `&marker=${page.NextMarker}`;
    } while (marker !== '');
    for (const name of names) expect(seen).toContain(`${name}:2`);
    const { Key } = (await call('/v1/keys', { method: 'POST', ...jsonBody({ AccountId: 'tenant' }) })).json<{ Key: string }>();
    expect((await call('/v1/layers', { key: Key })).json()).toEqual({ Layers: [] });
    expect(codeOf(await call(`/v1/layers/${names[0] ?? ''}/versions/1`, { key: Key }))).toBe('LAYER_NOT_FOUND');
  });

  it.each<[object, string]>([
    [{ CompatibleRuntimes: ['cobol'] }, 'CompatibleRuntimes'],
    [{ Description: 'x'.repeat(257) }, 'Description'],
    [{ Unknown: 1 }, 'Unknown'],
    [{ Content: { ZipFile: 'not base64!' } }, 'Content.ZipFile'],
  ])('are refused with %j', async (more, field) => {
    const answer = await publish(newName(), more);
    expect([codeOf(answer), messageOf(answer)]).toEqual(['VALIDATION_FAILED', expect.stringContaining(field)]);
  });

  it('are refused under a bad name, a bad number, and when the package is bad', async () => {
    expect(codeOf(await publish('a.b'))).toBe('VALIDATION_FAILED');
    expect(codeOf(await call('/v1/layers/x/versions/0'))).toBe('VALIDATION_FAILED');
    expect(codeOf(await publish(newName(), { Content: { ZipFile: Buffer.from('no zip').toString('base64') } }))).toBe('INVALID_PACKAGE');
    expect(codeOf(await call('/v1/layers/x/versions', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'x' }))).toBe(
      'UNSUPPORTED_MEDIA_TYPE',
    );
  });

  it('are named by functions in order, by ARN or shortly, and are part of the commit', async () => {
    const [one, two] = [newName(), newName()];
    const { LayerVersionArn } = (await publish(one)).json<LayerVersionView>();
    await publish(two);
    const made = (await create(`${one}-f`, { Layers: [LayerVersionArn, `${two}:1`] })).json<FunctionConfiguration>();
    expect(made.Layers).toEqual([
      { Arn: LayerVersionArn, CodeSize: zip.length },
      { Arn: `brn:cloud:faas:local:default:layer:${two}:1`, CodeSize: zip.length },
    ]);
    const configure = async (Layers: string[]): Promise<FunctionConfiguration> =>
      (await call(`/v1/functions/${one}-f/configuration`, { method: 'PUT', ...jsonBody({ Layers }) })).json<FunctionConfiguration>();
    const none = await configure([]);
    expect(none).not.toHaveProperty('Layers');
    expect(none.CommitId).not.toBe(made.CommitId);
    const again = await configure([`${one}:1`, `${two}:1`]);
    expect([again.CommitId, again.Layers]).toEqual([made.CommitId, made.Layers]);
  });

  it('must exist, be of the account, fit the runtime, and be five at most', async () => {
    const name = newName();
    await publish(name, { CompatibleRuntimes: ['python3'] });
    const cases: [string[], string][] = [
      [['nothing:1'], 'LAYER_NOT_FOUND'],
      [[`${name}:2`], 'LAYER_NOT_FOUND'],
      [['brn:cloud:faas:local:other:layer:x:1'], 'VALIDATION_FAILED'],
      [[`${name}:1`], 'VALIDATION_FAILED'],
      [[name], 'VALIDATION_FAILED'],
      [Array.from({ length: 6 }, (_, index) => `x:${index + 1}`), 'VALIDATION_FAILED'],
    ];
    for (const [Layers, code] of cases) expect(codeOf(await create(`${name}-f`, { Layers }))).toBe(code);
    await publish(name);
    expect(codeOf(await create(`${name}-f`, { Layers: [`${name}:2`, `${name}:2`] }))).toBe('VALIDATION_FAILED');
    expect((await create(`${name}-f`, { Layers: [`${name}:2`] })).status).toBe(201);
  });
});
