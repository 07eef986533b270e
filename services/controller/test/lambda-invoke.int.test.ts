import { InvokeCommand, type InvokeCommandInput } from '@aws-sdk/client-lambda';
import { eventually } from './eventually';
import { describeWithPrivateRedis, type PrivateRedis, startPrivateRedis } from './redis-server';
import { LocalController } from './support/local-controller';
import { type Difference, compareAnswer, readOracle, type WireAnswer } from './support/lambda-oracle';
import { CALL_DIFFERENCES, DIFFERENT_CALL_CASES } from './support/lambda-call-differences';
import { NAMES } from './support/lambda-oracle-names';
import { CALL_SCENARIOS } from './support/lambda-call-scenarios';
import { type RecordingClient, recordingClient } from './support/wire-recorder';

/** What the functions of AWS's recordings do, for Node.js. */
const SOURCES = {
  echo: 'exports.handler = async (event) => event',
  logs: 'exports.handler = async (event) => { console.log(JSON.stringify(event)); return event }',
  counter: 'let counter = 0; exports.handler = async () => ({ counter: counter++ })',
  nothing: 'exports.handler = async () => {}',
  requestId: 'exports.handler = async (_event, context) => { console.info("RequestId log message"); return context.awsRequestId }',
  initFails: 'throw new Error("Runtime startup fails")',
  initExits: 'process.exit(0)',
  exits: 'exports.handler = async () => process.exit(0)',
  fails: 'exports.handler = async () => { throw new Error("some error occurred") }',
  failsWhenAsked:
    'exports.handler = async (event) => { if (event.raise_error || event.message) throw new Error("intentional"); return { event } }',
};

interface Invoked {
  StatusCode: number;
  ExecutedVersion?: string | undefined;
  FunctionError?: string | undefined;
  Payload: unknown;
  LogResult?: string | undefined;
}

/** Whoever sets a destination may call it. */
const anybody = (): void => undefined;
const oracle = readOracle('invoke.json');
const destinations = readOracle('destinations.json');
const controlPlane = readOracle('control-plane.json') ?? new Map<string, Record<string, unknown>>();
const recorded = oracle ?? new Map<string, Record<string, unknown>>();
if (oracle === undefined) process.stderr.write('SKIPPED: the recorded answers of AWS Lambda are not here (../shared/oracle/aws-lambda)\n');
const describeWithOracle = oracle === undefined ? describe.skip : describe;

describeWithPrivateRedis('invocations by the stock client of AWS', () => {
  let redis: PrivateRedis;
  let local: LocalController;
  let recorder: RecordingClient;

  beforeAll(async () => {
    redis = await startPrivateRedis();
    local = new LocalController({ redis, accountId: '111111111111', region: 'us-east-1' });
    await local.start();
    for (const [name, source] of Object.entries(SOURCES)) local.deploy(name, { source, accountId: '111111111111' });
    local.deploy('reserved', { source: SOURCES.echo, reserved: 0, accountId: '111111111111' });
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
    recorder = recordingClient({ endpoint: local.url, region: 'us-east-1', credentials });
  }, 60_000);

  afterAll(async () => {
    recorder.client.destroy();
    await local.stop();
    await redis.stop();
  });

  /** What the client makes of an answer, as AWS's recorder wrote it down; errors as they were on the wire. */
  const invoke = async (FunctionName: string, input: Partial<InvokeCommandInput> = {}): Promise<WireAnswer> => {
    let result: Invoked | undefined;
    const wire = await recorder.answerTo(async (client) => {
      const { $metadata, Payload, ...answer } = await client.send(new InvokeCommand({ FunctionName, ...input }));
      const text = Payload === undefined || Payload === null ? '' : Buffer.from(Payload).toString();
      result = { ...answer, StatusCode: $metadata.httpStatusCode ?? 0, Payload: payloadOf(text) };
    });
    return result === undefined ? wire : { status: wire.status, errorType: undefined, body: result };
  };
  const logLines = (answer: WireAnswer): string[] =>
    Buffer.from((answer.body as Invoked).LogResult ?? '', 'base64')
      .toString()
      .split(/(?<=\n)/);
  const asRecorded = (answer: WireAnswer): WireAnswer => ({ ...answer, body: { ...(answer.body as object), LogResult: 'log-result' } });
  const event = (FunctionName: string): Promise<WireAnswer> => invoke(FunctionName, { InvocationType: 'Event', Payload: '{}' });
  const dryRun = (FunctionName: string): Promise<WireAnswer> => invoke(FunctionName, { InvocationType: 'DryRun', Payload: '{}' });

  /** Steps of the recorded cases, by the case. */
  const cases: Readonly<Record<string, () => Promise<Record<string, WireAnswer>>>> = {
    'TestLambdaBehavior::test_lambda_cache_local[nodejs]': async () => ({
      first_invoke_result: await invoke('counter'),
      second_invoke_result: await invoke('counter'),
    }),
    'TestLambdaFeatures::test_invocation_with_logs[nodejs16.x]': async () => {
      const answer = await invoke('logs', { LogType: 'Tail', Payload: '{}' });
      return { invoke: asRecorded(answer), logs: { status: 200, errorType: undefined, body: { logs: logLines(answer) } } };
    },
    'TestLambdaFeatures::test_invocation_type_request_response[nodejs16.x]': async () => ({
      'invoke-result': await invoke('echo', { Payload: '{}' }),
    }),
    'TestLambdaFeatures::test_invocation_type_event[python3.10]': async () => ({ 'invoke-result': await event('echo') }),
    'TestLambdaFeatures::test_invocation_type_event_error': async () => ({ invocation_response: await event('fails') }),
    'TestLambdaFeatures::test_invocation_type_dry_run[python3.9]': async () => ({ 'invoke-result': await dryRun('echo') }),
    'TestLambdaFeatures::test_invocation_type_dry_run[nodejs16.x]': async () => ({ 'invoke-result': await dryRun('echo') }),
    'TestLambdaFeatures::test_invocation_type_no_return_payload[python-RequestResponse]': async () => ({
      'invoke-result': await invoke('nothing'),
    }),
    'TestLambdaFeatures::test_invocation_type_no_return_payload[python-Event]': async () => ({ 'invoke-result': await event('nothing') }),
    'TestRequestIdHandling::test_request_id_invoke': async () => {
      const answer = await invoke('requestId');
      return { invoke_result: answer };
    },
    'TestLambdaFeatures::test_invoke_exceptions': async () => ({ invoke_function_doesnotexist: await invoke('doesnotexist') }),
    'TestLambdaErrors::test_lambda_runtime_exit': async () => ({ invocation_error: await invoke('initExits') }),
    'TestLambdaErrors::test_lambda_handler_exit': async () => ({ invocation_error: await invoke('exits') }),
    'TestLambdaErrors::test_lambda_runtime_error': async () => ({ invocation_error: await invoke('initFails') }),
    'TestLambdaConcurrency::test_reserved_concurrency_async_queue': async () => ({ too_many_requests_exc: await invoke('reserved') }),
  };

  describeWithOracle('beside the recorded answers', () => {
    const counted = { compared: 0, recorded: 0 };

    afterAll(() => {
      process.stderr.write(`oracle, invocations here: ${counted.compared} of ${counted.recorded} recorded steps compared\n`);
    });

    it.each(Object.keys(cases))('%s', async (name) => {
      const answers = (await cases[name]?.()) ?? {};
      const steps = recorded.get(name) ?? {};
      counted.compared += Object.keys(answers).length;
      counted.recorded += Object.keys(steps).length;
      const problems = Object.entries(answers).flatMap(([step, answer]) =>
        compareAnswer(steps[step], answer, CALL_DIFFERENCES).map((problem) => `${step}: ${problem}`),
      );
      expect(problems).toEqual([]);
    });

    it.each([...controlPlane].filter(([name]) => /invoke\]$|test_invalid_invoke$/.test(name)))('%s', async (name, steps) => {
      const [, what = ''] = /validation\[(.*)-invoke\]$/.exec(name) ?? [];
      const isForeign = name.includes('wrong_region');
      const [FunctionName, Qualifier] = isForeign
        ? ['arn:aws:lambda:eu-west-3:111111111111:function:fn']
        : (NAMES[what] ?? ['arn:aws:lambda:us-east-1:123400000000@function:myfn']);
      const answer = await invoke(FunctionName, { Qualifier });
      const problems = Object.values(steps).flatMap((step) => compareAnswer(step, answer, CALL_DIFFERENCES));
      expect(problems).toEqual([]);
    });

    it('are told of every case: run, or different on purpose', () => {
      const isElsewhere = (name: string): boolean =>
        CALL_SCENARIOS.some(({ matches }) => matches === name || (matches instanceof RegExp && matches.test(name)));
      const groups = { 'run, at least in part': 0, 'different on purpose': 0 };
      const untold: string[] = [];
      for (const name of recorded.keys()) {
        if (name in cases || isElsewhere(name)) groups['run, at least in part'] += 1;
        else if (DIFFERENT_CALL_CASES.some((each) => each.cases.test(name))) groups['different on purpose'] += 1;
        else untold.push(name);
      }
      process.stderr.write(`oracle, invocations: ${recorded.size} cases, ${JSON.stringify(groups)}\n`);
      expect(untold).toEqual([]);
    });

    it.each([...(destinations ?? new Map<string, Record<string, unknown>>())])(
      '%s',
      async (name, steps) => {
        local.deploy('sink', { source: SOURCES.echo, accountId: '111111111111' });
        const [received] = Object.values(steps).flatMap((step) => (step as { Messages?: { Body: unknown }[] }).Messages ?? []);
        const { requestPayload, requestContext } = received?.Body as Record<string, Record<string, unknown>>;
        const key = { accountId: '111111111111', functionName: 'failsWhenAsked', qualifier: '$LATEST' };
        const Destination = 'brn:cloud:faas:us-east-1:111111111111:function:sink';
        const isOnce = requestContext?.['approximateInvokeCount'] === 1;
        await local.events.configs.put(
          key,
          {
            ...(isOnce ? { MaximumRetryAttempts: 0 } : {}),
            DestinationConfig: { OnSuccess: { Destination }, OnFailure: { Destination } },
          },
          anybody,
        );
        const before = local.records.length;
        await invoke('failsWhenAsked', { InvocationType: 'Event', Payload: JSON.stringify(requestPayload) });
        let body: unknown;
        await eventually(async () => {
          const record = local.records.slice(before).find(({ functionName, status }) => functionName === 'sink' && status === 'succeeded');
          const state = await local.events.store.read('111111111111', record?.requestId ?? 'none-yet-1');
          body = JSON.parse(String(state?.result ?? ''));
        }, 60_000);
        const differences: Difference[] = [
          { path: /^requestContext\.functionArn is "brn:/, reason: 'functions have names of their own' },
          { path: /^responsePayload\./, reason: 'another language says what failed in other members' },
        ];
        expect(compareAnswer(received?.Body, { status: 200, errorType: undefined, body }, differences)).toEqual([]);
        expect(name).toMatch(/Destination/);
      },
      90_000,
    );
  });

  it.each([
    ['{', 'InvalidRequestContentException'],
    [`"${'x'.repeat(6 * 1024 * 1024)}"`, 'RequestTooLargeException'],
    [`"${'x'.repeat(1024 * 1024)}`, 'InvalidRequestContentException'],
  ])('are refused when the payload can be none', async (Payload, name) => {
    expect((await invoke('echo', { Payload })).errorType).toBe(name);
  });

  it('are refused as events when they are over the limit of events', async () => {
    const answer = await invoke('echo', { InvocationType: 'Event', Payload: JSON.stringify('x'.repeat(300_000)) });
    expect([answer.status, answer.errorType]).toEqual([413, 'RequestTooLargeException']);
  });

  it('hand the client context over', async () => {
    local.deploy('context', {
      source: 'exports.handler = async (_event, context) => context.clientContext.custom',
      accountId: '111111111111',
    });
    const encoded = (text: string): string => Buffer.from(text).toString('base64');
    expect((await invoke('context', { ClientContext: encoded('{"custom":{"a":1}}') })).body).toMatchObject({ Payload: { a: 1 } });
    expect((await invoke('context', { ClientContext: encoded('{') })).errorType).toBe('InvalidRequestContentException');
  });
});

/** AWS's recorder wrote JSON down as what it says, other payloads as text. */
function payloadOf(text: string): unknown {
  if (text === '' || !/^[{[]/.test(text)) return text;
  return JSON.parse(text) as unknown;
}
