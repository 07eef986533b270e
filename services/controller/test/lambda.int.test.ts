import {
  CreateFunctionCommand,
  type CreateFunctionCommandOutput,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteLayerVersionCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListLayerVersionsCommand,
  ListLayersCommand,
  ListProvisionedConcurrencyConfigsCommand,
  ListTagsCommand,
  PreconditionFailedException,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { zipSingleFile } from '@easyfaas/code-package';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AccessKey, accessKeyOf } from '../src/auth/access-key';
import { type ApiUnderTest, startApi } from './api-under-test';
import { clientOf, jsonBody } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

function keyOf(key: string): AccessKey {
  const parts = accessKeyOf(key);
  if (parts === undefined) throw new Error('no key');
  return parts;
}

describeWithRedis('the Lambda dialect', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let client: LambdaClient;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    client = new LambdaClient({ endpoint: api.url, region: 'local', credentials: keyOf(await api.adminKey()) });
  });

  afterAll(async () => {
    client.destroy();
    await api.stop();
    await redis.stop();
  });

  it('lets the stock SDK in', async () => {
    expect(await client.send(new ListFunctionsCommand({}))).toMatchObject({ Functions: [], $metadata: { httpStatusCode: 200 } });
  });

  it('answers in the words of AWS', async () => {
    await expect(client.send(new GetFunctionConfigurationCommand({ FunctionName: 'none' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Function not found: arn:aws:lambda:local:000000000000:function:none',
      Type: 'User',
      $metadata: { httpStatusCode: 404, requestId: expect.any(String) as unknown },
    });
  });

  it('takes a key as it is, and nothing without one', async () => {
    const path = `${api.url}/2015-03-31/functions`;
    const known = await fetch(path, { headers: { authorization: `Bearer ${await api.adminKey()}` } });
    expect([known.status, await known.json()]).toEqual([200, { Functions: [] }]);
    const nobody = await fetch(path);
    expect([nobody.status, nobody.headers.get('x-amzn-errortype')]).toEqual([403, 'MissingAuthenticationTokenException']);
    const wrong = await fetch(path, { headers: { authorization: 'Bearer wrong' } });
    expect([wrong.status, wrong.headers.get('x-amzn-errortype')]).toEqual([403, 'UnrecognizedClientException']);
  });

  it('refuses a creation that is too large before it is sent', async () => {
    const headers = { authorization: `Bearer ${await api.adminKey()}`, 'content-length': '80000000' };
    const asking = request(`${api.url}/2015-03-31/functions`, { method: 'POST', headers });
    asking.on('error', () => asking.destroy()).flushHeaders();
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    expect([answer.statusCode, answer.headers['x-amzn-errortype'], JSON.parse(Buffer.concat(chunks).toString())]).toEqual([
      413,
      'RequestEntityTooLargeException',
      { message: 'Request must be smaller than 70167211 bytes for the CreateFunction operation' },
    ]);
    asking.destroy();
  });

  it('says so when the secret is wrong', async () => {
    const accessKeyId = `easyfaas_${api.adminKeyId()}`;
    const stranger = new LambdaClient({
      endpoint: api.url,
      region: 'local',
      credentials: { accessKeyId, secretAccessKey: 'B'.repeat(43) },
      maxAttempts: 1,
    });
    await expect(stranger.send(new ListFunctionsCommand({}))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    stranger.destroy();
  });

  describe('over the same functions', () => {
    const FunctionName = 'shop';
    const create = async (name: string, by = client): Promise<CreateFunctionCommandOutput> => {
      const Code = { ZipFile: await zipSingleFile('index.js', 'exports.handler = async () => 1;') };
      return by.send(
        new CreateFunctionCommand({
          FunctionName: name,
          Runtime: 'nodejs20.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/r',
          Code,
        }),
      );
    };

    beforeAll(() => create(FunctionName));

    it('changes what is to be changed, and only the revision that is meant', async () => {
      const first = await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 7, MemorySize: 256 }));
      expect(first).toMatchObject({ Timeout: 7, MemorySize: 256, Runtime: 'nodejs20.x' });
      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Description: 'd', RevisionId: first.RevisionId }));
      const late = client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 8, RevisionId: first.RevisionId }));
      await expect(late).rejects.toBeInstanceOf(PreconditionFailedException);
      const vpc = client.send(
        new UpdateFunctionConfigurationCommand({ FunctionName, VpcConfig: { SubnetIds: ['a'], SecurityGroupIds: ['b'] } }),
      );
      await expect(vpc).rejects.toMatchObject({
        name: 'InvalidParameterValueException',
        message: expect.stringMatching(/^VpcConfig is not supported/) as unknown,
      });
    });

    it('has layers', async () => {
      const LayerName = 'libs';
      const ZipFile = await zipSingleFile('nodejs/x.js', 'x');
      const made = await client.send(
        new PublishLayerVersionCommand({ LayerName, Content: { ZipFile }, CompatibleRuntimes: ['nodejs20.x'] }),
      );
      const arn = 'arn:aws:lambda:local:000000000000:layer:libs:1';
      expect(made).toMatchObject({ LayerVersionArn: arn, Version: 1, CompatibleRuntimes: ['nodejs20.x'] });
      expect((await client.send(new GetLayerVersionByArnCommand({ Arn: arn }))).Content).toEqual(made.Content);
      expect((await client.send(new ListLayersCommand({}))).Layers).toHaveLength(1);
      expect((await client.send(new ListLayerVersionsCommand({ LayerName }))).LayerVersions).toHaveLength(1);
      const { Layers } = await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Layers: [arn] }));
      expect(Layers).toEqual([{ Arn: arn, CodeSize: made.Content?.CodeSize }]);
      for (let times = 0; times < 2; times += 1) await client.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: 1 }));
      await expect(client.send(new GetLayerVersionCommand({ LayerName, VersionNumber: 1 }))).rejects.toBeInstanceOf(
        ResourceNotFoundException,
      );
    });

    it('has tags, concurrency and limits', async () => {
      const Resource = `arn:aws:lambda:local:000000000000:function:${FunctionName}`;
      await client.send(new TagResourceCommand({ Resource, Tags: { a: '1', b: '2' } }));
      await client.send(new UntagResourceCommand({ Resource, TagKeys: ['a', 'c'] }));
      expect((await client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: '2' });
      await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 5 }));
      expect((await client.send(new GetFunctionCommand({ FunctionName }))).Concurrency).toEqual({ ReservedConcurrentExecutions: 5 });
      const { AccountLimit, AccountUsage } = await client.send(new GetAccountSettingsCommand({}));
      expect([AccountLimit?.ConcurrentExecutions, AccountLimit?.UnreservedConcurrentExecutions]).toEqual([1000, 995]);
      expect(AccountUsage?.FunctionCount).toBe(1);
      await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
      expect((await client.send(new GetFunctionConcurrencyCommand({ FunctionName }))).ReservedConcurrentExecutions).toBeUndefined();

      const { Version: Qualifier } = await client.send(new PublishVersionCommand({ FunctionName }));
      await client.send(new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier, ProvisionedConcurrentExecutions: 1 }));
      const kept = await client.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName }));
      expect(kept.ProvisionedConcurrencyConfigs).toMatchObject([
        { FunctionArn: `${Resource}:1`, RequestedProvisionedConcurrentExecutions: 1 },
      ]);
      await client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }));
    });

    it('gives a key for some functions those alone', async () => {
      const answer = await clientOf(api.url, await api.adminKey())('/v1/keys', {
        method: 'POST',
        ...jsonBody({ Scopes: ['deploy'], Functions: ['own-*'] }),
      });
      const limited = new LambdaClient({ endpoint: api.url, region: 'local', credentials: keyOf(answer.json<{ Key: string }>().Key) });
      await create('own-1', limited);
      expect((await limited.send(new ListFunctionsCommand({}))).Functions?.map((each) => each.FunctionName)).toEqual(['own-1']);
      const Resource = `arn:aws:lambda:local:000000000000:function:${FunctionName}`;
      const outcomes = await Promise.allSettled([
        create('other', limited),
        limited.send(new GetFunctionCommand({ FunctionName })),
        limited.send(new DeleteFunctionCommand({ FunctionName: Resource })),
        limited.send(new ListTagsCommand({ Resource })),
        limited.send(new ListLayersCommand({})),
      ]);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'AccessDeniedException' } });
      limited.destroy();
    });
  });
});
