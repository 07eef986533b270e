import { zipSingleFile } from '@easyfaas/code-package';
import { startApi, type ApiUnderTest } from './api-under-test';
import { clientOf, codeOf, jsonBody, messageOf, type Answer, type Client } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';

describeWithRedis('provisioned concurrency over the API', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    call = clientOf(api.url, await api.adminKey());
    const zip = await zipSingleFile('index.js', 'exports.handler = async () => 1;');
    const settings = { MemorySize: 200, PodConcurrentQuota: 2, ReservedConcurrentExecutions: 8 };
    const body = { Runtime: 'nodejs20', Handler: 'index.handler', Code: { ZipFile: zip.toString('base64') }, ...settings };
    expect((await call('/v1/functions/kept', { method: 'POST', ...jsonBody(body) })).status).toBe(201);
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  const path = '/v1/functions/kept/provisioned-concurrency';
  const put = (executions: unknown, to = path): Promise<Answer> =>
    call(to, { method: 'PUT', ...jsonBody({ ProvisionedConcurrentExecutions: executions }) });

  it('is set, read, listed and taken back', async () => {
    expect(codeOf(await call(path))).toBe('PROVISIONED_NOT_FOUND');
    const set = await put(3);
    expect(set.status).toBe(202);
    const shown = {
      RequestedProvisionedConcurrentExecutions: 3,
      AvailableProvisionedConcurrentExecutions: 0,
      AllocatedProvisionedConcurrentExecutions: 0,
      Status: 'IN_PROGRESS',
    };
    expect(set.json()).toMatchObject(shown);
    expect((await call(path)).json()).toMatchObject(shown);
    expect((await call(`${path}?Qualifier=$LATEST`)).json()).toMatchObject(shown);
    expect((await call(`${path}?List=ALL`)).json()).toMatchObject({ ProvisionedConcurrencyConfigs: [{ Qualifier: '$LATEST', ...shown }] });
    expect((await call(path, { method: 'DELETE' })).status).toBe(204);
    expect(codeOf(await call(path))).toBe('PROVISIONED_NOT_FOUND');
    expect(codeOf(await call(path, { method: 'DELETE' }))).toBe('PROVISIONED_NOT_FOUND');
  });

  it('is bounded by what is reserved, and by the memory of the node, in figures', async () => {
    const overReserved = await put(9);
    expect([codeOf(overReserved), messageOf(overReserved)]).toEqual([
      'VALIDATION_FAILED',
      expect.stringMatching(/would be 9 in all; ReservedConcurrentExecutions of the function is 8/),
    ]);
    // 5 containers of 208 MB, and 500 MB for others, on a node of 1500.
    await call('/v1/functions/kept/concurrency', { method: 'DELETE' });
    const overNode = await put(10);
    expect([codeOf(overNode), messageOf(overNode)]).toEqual([
      'VALIDATION_FAILED',
      expect.stringMatching(/needs 1040 MB, 500 MB .* has 1500 MB/),
    ]);
    expect((await put(8)).status).toBe(202);
    const under = await call('/v1/functions/kept/concurrency', { method: 'PUT', ...jsonBody({ ReservedConcurrentExecutions: 7 }) });
    expect([codeOf(under), messageOf(under)]).toEqual(['VALIDATION_FAILED', expect.stringMatching(/below the 8 executions/)]);
    expect((await call(path, { method: 'DELETE' })).status).toBe(204);
  });

  it.each([0, -1, 1.5, '2', null, undefined])('refuses %p executions', async (executions) => {
    expect(codeOf(await put(executions))).toBe('VALIDATION_FAILED');
  });

  it('is of a function and version that there is', async () => {
    expect(codeOf(await put(1, '/v1/functions/nobody/provisioned-concurrency'))).toBe('FUNCTION_NOT_FOUND');
    expect(codeOf(await call('/v1/functions/nobody/provisioned-concurrency'))).toBe('FUNCTION_NOT_FOUND');
  });
});
