import {
  AddPermissionCommand,
  type AddPermissionCommandInput,
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionUrlConfigCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionEventInvokeConfigCommand,
  DeleteFunctionUrlConfigCommand,
  GetEventSourceMappingCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  type LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionUrlConfigsCommand,
  PublishVersionCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionEventInvokeConfigCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import { Queue } from 'bullmq';
import { type AccessKey, accessKeyOf } from '../src/auth/access-key';
import type { InvocationRequest } from '../src/invoke/invoker';
import { addressOf } from '../src/redis-connection';
import { type ApiUnderTest, startApi } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, jsonBody } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';
import { CALL_DIFFERENCES, DIFFERENT_CALL_CASES, DIFFERENT_CALL_STEPS } from './support/lambda-call-differences';
import { CALL_SCENARIOS } from './support/lambda-call-scenarios';
import { compareAnswer, readOracle } from './support/lambda-oracle';
import { ANSWERED_ELSEWHERE, DIFFERENCES, DIFFERENT_CASES } from './support/lambda-oracle-differences';
import { SCENARIOS } from './support/lambda-oracle-scenarios';
import { type Scenario, creation, newName } from './support/lambda-oracle-requests';
import { type Signed, signedRequest } from './support/signed-request';
import { type RecordingClient, recordingClient } from './support/wire-recorder';

const controlPlane = readOracle('control-plane.json') ?? new Map<string, Record<string, unknown>>();
const recorded = new Map([...controlPlane, ...(readOracle('invoke.json') ?? [])]);
if (recorded.size === 0) process.stderr.write('SKIPPED: the recorded answers of AWS Lambda are not here (../shared/oracle/aws-lambda)\n');
const describeWithOracle = recorded.size === 0 ? describe.skip : describe;
const scenarioOf = (name: string): Scenario | undefined =>
  CALL_SCENARIOS.find(({ matches }) => matches === name || (matches instanceof RegExp && matches.test(name)));
/** Run beside invocations. */
const isInvocation = (name: string): boolean => /invoke\]$|test_invalid_invoke$/.test(name);

const ACCOUNT = '111111111111';
const REGION = 'us-east-1';
const ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:`;

describeWithRedis('what makes calls, in the Lambda dialect', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let recorder: RecordingClient;
  let client: LambdaClient;
  let usual: ApiUnderTest['invoker']['answer'];

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix, region: REGION });
    usual = api.invoker.answer;
    const made = await clientOf(api.url, await api.adminKey())('/v1/keys', { method: 'POST', ...jsonBody({ AccountId: ACCOUNT }) });
    const credentials = accessKeyOf(made.json<{ Key: string }>().Key);
    if (credentials === undefined) throw new Error('no key');
    recorder = recordingClient({ endpoint: api.url, region: REGION, credentials });
    ({ client } = recorder);
  });

  afterEach(() => {
    api.invoker.answer = usual;
  });

  afterAll(async () => {
    client.destroy();
    await api.stop();
    await redis.stop();
  });

  const make = async (): Promise<string> => {
    const FunctionName = newName();
    await client.send(await creation(FunctionName));
    return FunctionName;
  };
  /** With an alias `live` of a version. */
  const makeWithAlias = async (): Promise<string> => {
    const FunctionName = await make();
    const { Version } = await client.send(new PublishVersionCommand({ FunctionName }));
    await client.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: Version ?? '' }));
    return FunctionName;
  };
  const nameOf = async (sent: Promise<unknown>): Promise<string> =>
    sent.then(
      () => 'nothing',
      (error: unknown) => (error instanceof Error ? error.name : ''),
    );

  describe('a function URL', () => {
    it('serves every path below it, to everybody or to who has a key, and goes', async () => {
      const FunctionName = await make();
      const made = await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }));
      expect(made).toMatchObject({ AuthType: 'NONE', FunctionArn: `${ARN}${FunctionName}` });
      const answer = await fetch(`${made.FunctionUrl}a/b?x=1`, { method: 'POST', headers: { Cookie: 'a=1' }, body: 'text' });
      expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
      expect(await answer.json()).toMatchObject({ version: '2.0', routeKey: '$default', rawPath: '/a/b', cookies: ['a=1'] });

      await client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: 'AWS_IAM' }));
      expect((await fetch(made.FunctionUrl ?? '')).status).toBe(401);
      const key = await api.adminKey();
      expect((await fetch(made.FunctionUrl ?? '', { headers: { Authorization: `Bearer ${key}` } })).status).toBe(404);
      await client.send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
      expect(await nameOf(client.send(new GetFunctionUrlConfigCommand({ FunctionName })))).toBe('ResourceNotFoundException');
    });

    it('is one of a function, and one of each alias', async () => {
      const FunctionName = await makeWithAlias();
      const create = (Qualifier?: string) => client.send(new CreateFunctionUrlConfigCommand({ FunctionName, Qualifier, AuthType: 'NONE' }));
      const [first, second] = [await create(), await create('live')];
      expect(second).toMatchObject({ FunctionArn: `${ARN}${FunctionName}:live` });
      expect(await nameOf(create('live'))).toBe('ResourceConflictException');
      const asked: InvocationRequest[] = [];
      api.invoker.answer = (request) => {
        asked.push(request);
        return usual(request);
      };
      for (const { FunctionUrl = '' } of [first, second]) expect((await fetch(FunctionUrl)).status).toBe(200);
      expect(asked.map(({ qualifier }) => qualifier)).toEqual(['$LATEST', 'live']);
      const { FunctionUrlConfigs } = await client.send(new ListFunctionUrlConfigsCommand({ FunctionName }));
      expect(FunctionUrlConfigs?.map(({ FunctionArn }) => FunctionArn).sort()).toEqual([
        `${ARN}${FunctionName}`,
        `${ARN}${FunctionName}:live`,
      ]);
    });

    it('is answered in pieces when its mode says so', async () => {
      const FunctionName = await make();
      const create = new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' });
      const { FunctionUrl = '', InvokeMode } = await client.send(create);
      expect(InvokeMode).toBe('RESPONSE_STREAM');
      const takesPieces: boolean[] = [];
      api.invoker.answer = (request) => {
        takesPieces.push(request.sink !== undefined);
        return usual(request);
      };
      expect((await fetch(FunctionUrl)).status).toBe(200);
      await client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, InvokeMode: 'BUFFERED' }));
      expect((await fetch(FunctionUrl)).status).toBe(200);
      expect(takesPieces).toEqual([true, false]);
    });

    describe('that lets everybody in', () => {
      const allow = (FunctionName: string, more: Partial<AddPermissionCommandInput> = {}) =>
        client.send(
          new AddPermissionCommand({
            FunctionName,
            StatementId: 'public',
            Action: 'lambda:InvokeFunctionUrl',
            Principal: '*',
            FunctionUrlAuthType: 'NONE',
            ...more,
          }),
        );
      const policyOf = async (FunctionName: string): Promise<string[]> => {
        const { Policy = '' } = await client.send(new GetPolicyCommand({ FunctionName }));
        return (JSON.parse(Policy) as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid);
      };

      it('has statements that say so, until it does not', async () => {
        const FunctionName = await make();
        // Both are made by some tools, in any order.
        await allow(FunctionName);
        await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }));
        const more = { Action: 'lambda:InvokeFunction', FunctionUrlAuthType: undefined, InvokedViaFunctionUrl: true };
        await allow(FunctionName, { StatementId: 'second', ...more });
        expect(await policyOf(FunctionName)).toEqual(['public', 'second']);
        const remove = (StatementId: string) => client.send(new RemovePermissionCommand({ FunctionName, StatementId }));
        await remove('public');
        expect(await nameOf(remove('second'))).toBe('ResourceConflictException');
        await client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: 'AWS_IAM' }));
        await remove('second');
        expect(await nameOf(policyOf(FunctionName))).toBe('ResourceNotFoundException');
      });

      it.each<Partial<AddPermissionCommandInput>>([
        { Principal: 's3.amazonaws.com', Action: 'lambda:InvokeFunction', FunctionUrlAuthType: undefined },
        { Principal: '111122223333' },
        { FunctionUrlAuthType: 'AWS_IAM' },
        { Action: 'lambda:*' },
        { SourceAccount: '111122223333' },
        { PrincipalOrgID: 'o-1234567890' },
      ])('has no statements that would not be true: %j', async (more) => {
        const FunctionName = await make();
        await expect(allow(FunctionName, more)).rejects.toMatchObject({
          name: 'InvalidParameterValueException',
          message: expect.stringContaining('There are no resource policies') as unknown,
        });
      });
    });

    describe('for who signs', () => {
      let url: string;
      let FunctionName: string;

      beforeAll(async () => {
        FunctionName = await make();
        const made = await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'AWS_IAM' }));
        url = made.FunctionUrl ?? '';
      });

      /** @param by may be wrong */
      const signed = async (path: string, { by = recorder.credentials, ...more }: Partial<Signed> = {}): Promise<Response> => {
        const request = await signedRequest(`${url}${path}`, { by, ...more });
        return fetch(request.url, request);
      };
      const keyFor = async (settings: object): Promise<AccessKey> => {
        const made = await clientOf(api.url, await api.adminKey())('/v1/keys', { method: 'POST', ...jsonBody(settings) });
        const key = accessKeyOf(made.json<{ Key: string }>().Key);
        if (key === undefined) throw new Error('no key');
        return key;
      };

      it.each([false, true])('takes a signature, be the hash of the body in the headers: %s', async (saysHash) => {
        const answer = await signed('a%20b/c?x=1&y=2&x=3', { body: '{"a":"ä"}', saysHash });
        expect(answer.status).toBe(200);
        const event = (await answer.json()) as { headers: Record<string, string> };
        expect(event).toMatchObject({ rawQueryString: 'x=1&y=2&x=3', body: '{"a":"ä"}', requestContext: { http: { method: 'POST' } } });
        expect(Object.keys(event.headers)).toEqual(expect.arrayContaining(['host', 'x-amz-date']));
        // It would be good for five minutes.
        expect(event.headers).not.toHaveProperty('authorization');
      });

      it('refuses a wrong one, and one for another body', async () => {
        const by = { ...recorder.credentials, secretAccessKey: 'B'.repeat(43) };
        const wrong = await signed('', { by });
        expect([wrong.status, await wrong.json()]).toEqual([
          401,
          { error: expect.objectContaining({ code: 'UNAUTHORIZED', message: expect.stringMatching(/signature/) as unknown }) as unknown },
        ]);
        const request = await signedRequest(url, { by: recorder.credentials, body: '1', saysHash: false });
        expect((await fetch(url, { ...request, body: '2' })).status).toBe(401);
        expect((await fetch(url, { headers: { Authorization: 'AWS4-HMAC-SHA256 Credential=x' } })).status).toBe(401);
      });

      it('lets a key do what it may: call these functions of its account', async () => {
        expect((await signed('', { by: await keyFor({ AccountId: ACCOUNT, Scopes: ['invoke'], Functions: [FunctionName] }) })).status).toBe(
          200,
        );
        expect((await signed('', { by: await keyFor({ AccountId: ACCOUNT, Scopes: ['invoke'], Functions: ['other'] }) })).status).toBe(403);
        expect((await signed('', { by: await keyFor({ AccountId: ACCOUNT, Scopes: ['read'] }) })).status).toBe(403);
        expect((await signed('', { by: await keyFor({ AccountId: 'stranger' }) })).status).toBe(404);
      });
    });

    it.each([
      ['hello', 'hello'],
      [{ hello: 'world' }, '{"hello":"world"}'],
      [['hello', 3, true], '["hello",3,true]'],
      [3.1, '3.1'],
      [true, 'true'],
    ])('answers %j as it is', async (value, text) => {
      const FunctionName = await make();
      const { FunctionUrl = '' } = await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }));
      const body = Buffer.from(JSON.stringify(value));
      api.invoker.answer = ({ requestId }) => ({
        kind: 'success',
        requestId,
        stages: { totalMs: 1 },
        contentType: 'application/json',
        body,
      });
      const answer = await fetch(FunctionUrl);
      expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, 'application/json', text]);
    });

    it('has rules for other origins, which can be taken away', async () => {
      const FunctionName = await make();
      const Cors = { AllowOrigins: ['https://shop.example'], AllowMethods: ['GET'], MaxAge: 60 };
      const { FunctionUrl = '' } = await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', Cors }));
      const from = (origin: string) => fetch(FunctionUrl, { headers: { Origin: origin } });
      expect((await from('https://shop.example')).headers.get('access-control-allow-origin')).toBe('https://shop.example');
      expect((await from('https://other.example')).status).toBe(403);
      expect(await client.send(new GetFunctionUrlConfigCommand({ FunctionName }))).toMatchObject({ Cors });
      const { Cors: after } = await client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, Cors: {} }));
      expect(after).toBeUndefined();
    });

    it.each([
      [{ AuthType: 'NONE', InvokeMode: 'LATER' as 'BUFFERED' } as const, 'ValidationException'],
      [{ AuthType: 'NONE', Cors: { AllowMethods: ['GET'] } } as const, 'InvalidParameterValueException'],
      [{ AuthType: 'NONE', Qualifier: '1' } as const, 'ValidationException'],
      [{ AuthType: undefined }, 'ValidationException'],
    ])('is refused as %j', async (settings, name) => {
      const FunctionName = await make();
      expect(await nameOf(client.send(new CreateFunctionUrlConfigCommand({ FunctionName, ...(settings as { AuthType: 'NONE' }) })))).toBe(
        name,
      );
    });
  });

  describe('a configuration of events', () => {
    it('is put, changed, listed and taken away, of a function and of an alias', async () => {
      const FunctionName = await makeWithAlias();
      const OnFailure = { Destination: `arn:aws:sqs:${REGION}:${ACCOUNT}:failed` };
      const put = await client.send(
        new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 1, DestinationConfig: { OnFailure } }),
      );
      expect(put).toMatchObject({
        FunctionArn: `${ARN}${FunctionName}:$LATEST`,
        MaximumRetryAttempts: 1,
        DestinationConfig: { OnFailure },
      });
      expect(put.LastModified?.getTime()).toBeGreaterThan(1.7e12);
      await client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, Qualifier: 'live', MaximumEventAgeInSeconds: 60 }));
      const changed = await client.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumEventAgeInSeconds: 90 }));
      expect(changed).toMatchObject({ MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 90, DestinationConfig: { OnFailure } });
      const { FunctionEventInvokeConfigs } = await client.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName }));
      expect(FunctionEventInvokeConfigs?.map(({ FunctionArn, MaximumEventAgeInSeconds: age }) => [FunctionArn, age])).toEqual([
        [`${ARN}${FunctionName}:$LATEST`, 90],
        [`${ARN}${FunctionName}:live`, 60],
      ]);
      await client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName, Qualifier: 'live' }));
      const get = (Qualifier?: string) => client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName, Qualifier }));
      expect(await nameOf(get('live'))).toBe('ResourceNotFoundException');
      expect((await get()).MaximumRetryAttempts).toBe(1);
    });

    it('is refused when it says nothing, or for what there is not', async () => {
      const FunctionName = await make();
      const put = (input: object): Promise<string> =>
        nameOf(client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, ...input })));
      expect(await put({})).toBe('InvalidParameterValueException');
      expect(await put({ MaximumRetryAttempts: 11 })).toBe('InvalidParameterValueException');
      expect(await put({ DestinationConfig: { OnFailure: { Destination: `arn:aws:sns:${REGION}:${ACCOUNT}:topic` } } })).toBe(
        'InvalidParameterValueException',
      );
      expect(await put({ FunctionName: 'nobody', MaximumRetryAttempts: 1 })).toBe('ResourceNotFoundException');
      expect(await put({ Qualifier: 'nobody', MaximumRetryAttempts: 1 })).toBe('ResourceNotFoundException');
    });
  });

  describeWithOracle('beside the recorded answers', () => {
    const run = [...recorded].filter(([name]) => scenarioOf(name) !== undefined);
    const counted = { compared: 0, recorded: 0 };

    afterAll(() => {
      process.stderr.write(`oracle, what makes calls: ${counted.compared} of ${counted.recorded} recorded steps compared\n`);
    });

    it.each(run)('%s', async (name, steps) => {
      const answers = (await scenarioOf(name)?.run((send) => recorder.answerTo(send), name, steps)) ?? {};
      const problems = Object.entries(steps).flatMap(([step, answer]) => {
        const ours = answers[step];
        counted.recorded += 1;
        if (ours !== undefined) counted.compared += 1;
        if (ours === undefined || DIFFERENT_CALL_STEPS[`${name} ${step}`] !== undefined) return [];
        return compareAnswer(answer, ours, [...DIFFERENCES, ...CALL_DIFFERENCES]).map((problem) => `${step}: ${problem}`);
      });
      expect(problems).toEqual([]);
    });

    it('are told of every case that the control plane leaves: run, or different on purpose', () => {
      const isTheirs = (name: string): boolean =>
        DIFFERENT_CASES.some(({ cases }) => cases.test(name)) ||
        SCENARIOS.some(({ matches }) => matches === name || (matches instanceof RegExp && matches.test(name)));
      const left = [...controlPlane.keys()].filter((name) => ANSWERED_ELSEWHERE.test(name) && !isTheirs(name));
      const isTold = (name: string): boolean =>
        scenarioOf(name) !== undefined || isInvocation(name) || DIFFERENT_CALL_CASES.some(({ cases }) => cases.test(name));
      expect(left.filter((name) => !isTold(name))).toEqual([]);
    });
  });

  describe('an event source mapping', () => {
    it('calls with records of SQS, and takes again what the function names', async () => {
      const FunctionName = await make();
      const name = newName();
      const EventSourceArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
      const batches: { messageId: string; body: string; attributes: Record<string, string>; eventSourceARN: string }[][] = [];
      api.invoker.answer = ({ requestId, payload }) => {
        const { Records } = JSON.parse(payload.toString()) as { Records: (typeof batches)[number] };
        batches.push(Records);
        const failed = Records.filter(({ body, attributes }) => body === 'bad' && attributes['ApproximateReceiveCount'] === '1');
        const body = Buffer.from(JSON.stringify({ batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }));
        return { kind: 'success', requestId, stages: { totalMs: 1 }, contentType: 'application/json', body };
      };
      const queue = new Queue(name, { prefix: `${redis.prefix}:queues:${ACCOUNT}`, connection: addressOf(redis.url) });
      await queue.add('first', 'bad');
      await queue.add('second', { n: 1 });
      await queue.add('third', { n: 2 });
      const { UUID, ...created } = await client.send(
        new CreateEventSourceMappingCommand({
          FunctionName,
          EventSourceArn,
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          FilterCriteria: { Filters: [{ Pattern: '{"body":{"n":[1]}}' }, { Pattern: '{"body":["bad"]}' }] },
        }),
      );
      expect(created).toMatchObject({ EventSourceArn, BatchSize: 10, State: 'Creating', FunctionArn: `${ARN}${FunctionName}` });
      await eventually(() => {
        expect(batches.flat().map(({ body }) => body)).toEqual(['bad', '{"n":1}', 'bad']);
      }, 30_000);
      expect(batches[0]?.[0]?.eventSourceARN).toBe(EventSourceArn);

      const update = await client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false, BatchSize: 5 }));
      expect([update.State, update.BatchSize]).toEqual(['Updating', 5]);
      expect((await client.send(new GetEventSourceMappingCommand({ UUID }))).State).toBe('Disabled');
      const list = (input: object) => client.send(new ListEventSourceMappingsCommand(input));
      expect((await list({ FunctionName })).EventSourceMappings?.map((each) => each.UUID)).toEqual([UUID]);
      expect((await list({ EventSourceArn: `${EventSourceArn}2` })).EventSourceMappings).toEqual([]);
      const again = new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn });
      expect(await nameOf(client.send(again))).toBe('ResourceConflictException');
      expect((await client.send(new DeleteEventSourceMappingCommand({ UUID }))).State).toBe('Deleting');
      expect(await nameOf(client.send(new GetEventSourceMappingCommand({ UUID })))).toBe('ResourceNotFoundException');
      await queue.close();
    });

    it('reads a stream from its beginning', async () => {
      const FunctionName = await make();
      const name = newName();
      const EventSourceArn = `arn:aws:redis-stream:${REGION}:${ACCOUNT}:${name}`;
      const bodies: unknown[] = [];
      api.invoker.answer = (request) => {
        const { Records } = JSON.parse(request.payload.toString()) as { Records: { body: string }[] };
        bodies.push(...Records.map(({ body }) => body));
        const { requestId } = request;
        return { kind: 'success', requestId, stages: { totalMs: 1 }, contentType: 'application/json', body: Buffer.from('{}') };
      };
      await api.client.redis.xadd(`${redis.prefix}:stream:${ACCOUNT}:${name}`, '*', 'data', 'one');
      const { UUID, StartingPosition } = await client.send(
        new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, StartingPosition: 'TRIM_HORIZON' }),
      );
      expect(StartingPosition).toBe('TRIM_HORIZON');
      await eventually(() => expect(bodies).toEqual(['one']), 30_000);
      await client.send(new DeleteEventSourceMappingCommand({ UUID }));
    });
  });
});
