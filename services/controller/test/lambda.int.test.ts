import { GetFunctionConfigurationCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { accessKeyOf } from '../src/auth/access-key';
import { type ApiUnderTest, startApi } from './api-under-test';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

describeWithRedis('the Lambda dialect', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let client: LambdaClient;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    const credentials = accessKeyOf(await api.adminKey());
    if (credentials === undefined) throw new Error('no key');
    client = new LambdaClient({ endpoint: api.url, region: 'local', credentials });
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
});
