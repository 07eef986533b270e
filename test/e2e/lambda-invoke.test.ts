import {
  CreateEventSourceMappingCommand,
  CreateFunctionUrlConfigCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionUrlConfigCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  PutFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import { eventually } from '../support/eventually';
import { call, deploy, newName, removeDeployments, stack } from '../support/stack';

const [, accessKeyId = '', secretAccessKey = ''] = /^(easyfaas_[a-z0-9]{8})_(.+)$/.exec(stack.key) ?? [];
const client = new LambdaClient({ endpoint: stack.url, region: 'local', credentials: { accessKeyId, secretAccessKey } });
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

afterAll(async () => {
  client.destroy();
  await removeDeployments();
});

describe('B2 the stock client of AWS', () => {
  it('calls a function, with its log, its context and its error', async () => {
    const FunctionName = await deploy({
      runtime: 'python3',
      source: 'def handler(event, context):\n    print("called")\n    return {"got": event["a"] + context.client_context.custom["b"]}\n',
    });
    const ClientContext = Buffer.from('{"custom":{"b":2}}').toString('base64');
    const answer = await client.send(new InvokeCommand({ FunctionName, Payload: '{"a":1}', LogType: 'Tail', ClientContext }));
    expect([answer.StatusCode, answer.ExecutedVersion, text(answer.Payload)]).toEqual([200, '$LATEST', '{"got":3}']);
    await eventually(async () => {
      const record = await call(`/v1/invocations/${answer.$metadata.requestId}`);
      expect(record.json()).toMatchObject({ keyId: accessKeyId.slice(-8), accountId: 'default' });
    }, 20_000);
    expect(Buffer.from(answer.LogResult ?? '', 'base64').toString()).toMatch(/^START .*\ncalled\nEND .*\nREPORT /s);
    const failed = await client.send(new InvokeCommand({ FunctionName, Payload: '{}', ClientContext }));
    expect([failed.FunctionError, JSON.parse(text(failed.Payload))]).toEqual([
      'Unhandled',
      expect.objectContaining({ errorType: 'KeyError' }),
    ]);
    expect((await client.send(new InvokeCommand({ FunctionName, InvocationType: 'DryRun' }))).StatusCode).toBe(204);
  });

  it('has the outcome of an event sent to a queue that a mapping calls another function with', async () => {
    const FunctionName = await deploy({ source: 'exports.handler = async (event) => ({ done: event.n })' });
    const sink = await deploy({
      source: 'exports.handler = async ({ Records }) => { for (const { body } of Records) console.log(body); }',
    });
    const queue = `arn:aws:sqs:local:000000000000:${newName()}`;
    const OnSuccess = { Destination: queue };
    await client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, DestinationConfig: { OnSuccess } }));
    const { UUID } = await client.send(new CreateEventSourceMappingCommand({ FunctionName: sink, EventSourceArn: queue }));
    const { StatusCode, $metadata } = await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: '{"n":7}' }));
    expect(StatusCode).toBe(202);
    await eventually(async () => {
      const answer = await call(`/v1/functions/${sink}/logs?tail=20`);
      expect(answer.text).toContain('responsePayload');
      expect(answer.text).toContain($metadata.requestId);
    }, 60_000);
    await client.send(new DeleteEventSourceMappingCommand({ UUID }));
  });

  it('has answers in pieces before the function ends, of an invocation and of a function URL', async () => {
    const FunctionName = await deploy({
      runtime: 'python3',
      source: `
import asyncio
gate = asyncio.Event()

async def handler(event, context):
    if event.get('open'):
        gate.set()
        return
    context.start_response(201, {'Content-Type': 'text/event-stream'})
    yield 'data: 1\\n\\n'
    await gate.wait()
    yield 'data: 2\\n\\n'
`,
      concurrency: 3,
      timeoutSeconds: 60,
    });
    const { FunctionUrl = '' } = await client.send(
      new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' }),
    );
    const { EventStream } = await client.send(new InvokeWithResponseStreamCommand({ FunctionName }));
    const events = EventStream?.[Symbol.asyncIterator]();
    const nextPiece = async (): Promise<string> =>
      text(((await events?.next())?.value as { PayloadChunk?: { Payload?: Uint8Array } }).PayloadChunk?.Payload);
    const [prelude = '', ...body] = [await nextPiece(), await nextPiece()];
    expect(prelude).toMatch(/^\{"statusCode":201,.*\}\0{8}$/);
    expect(body).toEqual(['data: 1\n\n']);
    const response = await fetch(FunctionUrl);
    const reader = response.body?.getReader();
    expect([response.status, response.headers.get('content-type')]).toEqual([201, 'text/event-stream']);
    expect(text((await reader?.read())?.value as Uint8Array)).toBe('data: 1\n\n');
    await client.send(new InvokeCommand({ FunctionName, Payload: '{"open":true}' }));
    expect(text((await reader?.read())?.value as Uint8Array)).toBe('data: 2\n\n');
    expect(await nextPiece()).toBe('data: 2\n\n');
    expect((await events?.next())?.value).toEqual({ InvokeComplete: {} });
    await client.send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
  });

  it('makes a function URL that browsers can call', async () => {
    const FunctionName = await deploy({
      source: 'exports.handler = async ({ rawPath, cookies }) => ({ statusCode: 201, cookies: ["seen=1"], body: `${rawPath} ${cookies}` })',
    });
    const { FunctionUrl = '' } = await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }));
    const answer = await fetch(`${FunctionUrl}a/b`, { headers: { Cookie: 'a=1' } });
    expect([answer.status, await answer.text(), answer.headers.getSetCookie()]).toEqual([201, '/a/b a=1', ['seen=1']]);
    await client.send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
  });
});
