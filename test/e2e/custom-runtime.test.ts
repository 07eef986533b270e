import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateFunctionCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { zipFiles, type FileToZip } from '@easyfaas/code-package';
import { go, goProgram } from '../support/go-program';
import { repositoryRoot } from '../support/repository';
import { call, callJson, deploy, fixture, invoke, logTail, newName, removeDeployments, stack } from '../support/stack';

// A key is both: its first part is the access key id, the rest the secret.
const credentials = { accessKeyId: stack.key.slice(0, 17), secretAccessKey: stack.key.slice(18) };
const aws = new LambdaClient({ endpoint: stack.url, region: 'us-east-1', credentials });

afterAll(async () => {
  aws.destroy();
  await removeDeployments();
});

const TAIL = { headers: { 'Log-Type': 'Tail' } };

/** Deploys a package with a bootstrap and returns the function's name. */
async function deployPackage(files: readonly FileToZip[], more: object = {}): Promise<string> {
  const name = newName();
  const Code = { ZipFile: (await zipFiles(files)).toString('base64') };
  const answer = await callJson('POST', `/v1/functions/${name}`, { Runtime: 'provided', Handler: 'index.handler', Code, ...more });
  if (answer.status !== 201) throw new Error(`deploy of ${name} answered ${answer.status}: ${answer.text}`);
  return name;
}

/** The same by the stock client of AWS. */
async function createByAws(files: readonly FileToZip[], more: { MemorySize?: number; Timeout?: number } = {}): Promise<string> {
  const FunctionName = newName();
  const code = { Code: { ZipFile: await zipFiles(files) }, Role: 'arn:aws:iam::000000000000:role/any' };
  await aws.send(new CreateFunctionCommand({ FunctionName, Runtime: 'provided.al2023', Handler: 'index.handler', ...code, ...more }));
  await waitUntilFunctionActiveV2({ client: aws, maxWaitTime: 50, minDelay: 1, maxDelay: 2 }, { FunctionName });
  return FunctionName;
}

/** What the stock client is answered: the error's kind, if there is one, and the payload. */
async function invokeByAws(FunctionName: string, event: object): Promise<[string | undefined, unknown]> {
  const { FunctionError, Payload } = await aws.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
  return [FunctionError, JSON.parse(Buffer.from(Payload ?? []).toString())];
}

const asTold = (more: object = {}): Promise<string> =>
  deployPackage([{ name: 'bootstrap', content: fixture('provided', 'does-as-told'), isExecutable: true }], more);

describe('a custom runtime', () => {
  it('is one shell script, deployed as a source file', async () => {
    const name = await deploy({ runtime: 'provided', source: fixture('provided', 'shell'), handler: 'any.thing' });
    const answer = await invoke(name, { name: 'you' }, TAIL);
    expect(answer.json()).toEqual({ handler: 'any.thing', event: { name: 'you' } });
    expect(logTail(answer)).toMatch(/called as [\w-]+\n/);
    expect((await invoke(name, [1])).json()).toEqual({ handler: 'any.thing', event: [1] });
  });

  it('takes as many calls at once as it polls for, in one container', async () => {
    const name = await asTold({ PodConcurrentQuota: 4, Environment: { Variables: { POLLS: '4' } } });
    const answers = await Promise.all([1, 2, 3, 4].map(() => invoke(name, { do: 'sleep', ms: 500 })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ headers }) => headers.get('x-easyfaas-container'))).size).toBe(1);
  });

  it.each([
    [{ do: 'fail', body: '{"errorType":"Own","errorMessage":"bad thing"}' }, 'Own', /bad thing/],
    [{ do: 'large', bytes: 6 * 1024 * 1024 + 1 }, 'Function.ResponseSizeTooLarge', /6291456 bytes/],
    [{ do: 'exit', code: 3 }, 'Runtime.ExitError', /exit status 3/],
    [{ do: 'kill', signal: 'SIGSEGV' }, 'Runtime.ExitError', /segmentation fault/],
    [{ do: 'never' }, 'Sandbox.Timedout', /timed out after 1.00 seconds/],
  ])('that does %j tells so, and serves the next call', async (event, type, message) => {
    const name = await asTold({ Timeout: 1 });
    const answer = await invoke(name, event);
    const { errorType, errorMessage } = answer.json<{ errorType: string; errorMessage: string }>();
    expect({ status: answer.status, errorType }).toEqual({ status: 200, errorType: type });
    expect(errorMessage).toMatch(message);
    expect((await invoke(name, { value: 'next' })).text).toBe('"next"');
  });

  it.each([
    ['is missing', { name: 'index.js', content: '' }, 'Runtime.InvalidEntrypoint', /no file "bootstrap"/],
    ['must not be executed', { name: 'bootstrap', content: '#!/bin/sh' }, 'Runtime.InvalidEntrypoint', /chmod \+x/],
    ['gives up', { name: 'bootstrap', content: fixture('provided', 'init-error'), isExecutable: true }, 'Runtime.NoSuchHandler', /no such/],
    [
      'ends at once',
      { name: 'bootstrap', content: fixture('provided', 'exits-on-load'), isExecutable: true },
      'Runtime.ExitError',
      /status 3/,
    ],
  ])('whose bootstrap %s says so', async (_what, file, type, message) => {
    const { errorType, errorMessage } = (await invoke(await deployPackage([file]))).json<{ errorType: string; errorMessage: string }>();
    expect(errorType).toBe(type);
    expect(errorMessage).toMatch(message);
  });

  it('can be in a layer', async () => {
    const layer = `runtime-${process.pid}`;
    const zip = await zipFiles([{ name: 'bootstrap', content: fixture('provided', 'shell'), isExecutable: true }]);
    const headers = { 'Content-Type': 'application/zip' };
    const made = await call(`/v1/layers/${layer}/versions`, { method: 'POST', headers, body: zip });
    expect(made.status).toBe(201);
    const name = await deployPackage([{ name: 'data.txt', content: 'x' }], { Layers: [`${layer}:1`] });
    expect((await invoke(name, 1)).json()).toEqual({ handler: 'index.handler', event: 1 });
    await call(`/v1/functions/${name}`, { method: 'DELETE' });
    expect((await call(`/v1/layers/${layer}/versions/1`, { method: 'DELETE' })).status).toBe(204);
  });
});

if (go === undefined && process.env['REQUIRE_DOCKER'] === '1') throw new Error('these tests need a Go compiler');

(go === undefined ? describe.skip : describe)('a custom runtime compiled from Go', () => {
  let program: Buffer;
  beforeAll(() => (program = goProgram(join(repositoryRoot, 'examples/custom-runtime-go'))), 120_000);

  it('answers and fails for the stock client of AWS, which made it', async () => {
    const name = await createByAws([{ name: 'bootstrap', content: program, isExecutable: true }]);
    expect(await invokeByAws(name, { name: 'you' })).toEqual([
      undefined,
      { message: 'Hello, you!', remainingMs: expect.any(Number) as number },
    ]);
    expect(await invokeByAws(name, {})).toEqual(['Unhandled', { errorType: '*errors.errorString', errorMessage: 'no name was given' }]);
    const { EventStream } = await aws.send(
      new InvokeWithResponseStreamCommand({ FunctionName: name, Payload: Buffer.from('{"name":"you"}') }),
    );
    const kinds: string[] = [];
    for await (const event of EventStream ?? []) kinds.push(...Object.keys(event));
    expect(kinds).toEqual(['PayloadChunk', 'InvokeComplete']);
  });

  it('answers, fails and prints as the example says, several calls at once', async () => {
    const settings = { PodConcurrentQuota: 8, Environment: { Variables: { POLLS: '8' } } };
    const name = await deployPackage([{ name: 'bootstrap', content: program, isExecutable: true }], settings);
    const answer = await invoke(name, { name: 'you' }, TAIL);
    expect(answer.json()).toEqual({ message: 'Hello, you!', remainingMs: expect.any(Number) as number });
    expect(logTail(answer)).toMatch(/called as [\w-]+\n/);
    expect((await invoke(name, {})).json()).toEqual({ errorType: '*errors.errorString', errorMessage: 'no name was given' });
    const names = Array.from({ length: 40 }, (_, index) => `number ${index}`);
    const answers = await Promise.all(names.map((each) => invoke(name, { name: each })));
    expect(answers.map((each) => each.json<{ message: string }>().message)).toEqual(names.map((each) => `Hello, ${each}!`));
  });
});

// Its native part takes a minute to compile, which is done by hand: docs/guides/custom-runtime.md says how.
const clientFolder = process.env['EASYFAAS_TEST_LAMBDA_CLIENT'];

if (clientFolder !== undefined) {
  describe('AWS’s own runtime client for Node.js, unmodified', () => {
    const files = (folder: string, inside: string): FileToZip[] =>
      readdirSync(join(folder, inside), { withFileTypes: true }).flatMap((entry) => {
        const path = `${inside}/${entry.name}`;
        return entry.isDirectory() ? files(folder, path) : [{ name: path, content: readFileSync(join(folder, path)) }];
      });
    const client = (): FileToZip[] => ['bin', 'dist'].flatMap((part) => files(clientFolder ?? '', `node_modules/aws-lambda-ric/${part}`));
    const SOURCE = `exports.handler = async (event, context) => {
    console.log('called as', context.awsRequestId);
    if (event.fail) throw new TypeError('bad thing');
    return { event, name: context.functionName, memory: context.memoryLimitInMB, isTimely: context.getRemainingTimeInMillis() > 0 };
  };`;

    const create = (source: string): Promise<string> => {
      const bootstrap = '#!/bin/sh\nexec node node_modules/aws-lambda-ric/bin/index.mjs "$_HANDLER"\n';
      const own = [
        { name: 'bootstrap', content: bootstrap, isExecutable: true },
        { name: 'index.js', content: source },
        {
          name: 'node_modules/aws-lambda-ric/package.json',
          content: readFileSync(join(clientFolder ?? '', 'node_modules/aws-lambda-ric/package.json')),
        },
      ];
      return createByAws([...own, ...client()], { MemorySize: 256, Timeout: 10 });
    };

    it('streams, and tells of an error behind the first piece', async () => {
      const FunctionName = await create(`exports.handler = awslambda.streamifyResponse(async (event, stream) => {
        stream.write('one');
        if (event.fail) throw new TypeError('bad thing');
        stream.end(',two');
      });`);
      const streamed = async (event: object): Promise<[string, object | undefined]> => {
        const command = new InvokeWithResponseStreamCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) });
        let text = '';
        for await (const { PayloadChunk, InvokeComplete } of (await aws.send(command)).EventStream ?? []) {
          text += Buffer.from(PayloadChunk?.Payload ?? []).toString();
          if (InvokeComplete !== undefined) return [text, InvokeComplete];
        }
        return [text, undefined];
      };
      expect(await streamed({})).toEqual(['one,two', {}]);
      const details = expect.stringContaining('bad thing') as unknown;
      expect(await streamed({ fail: true })).toEqual(['one', { ErrorCode: 'Unhandled', ErrorDetails: details }]);
    });

    it('answers, fails and prints', async () => {
      const name = await create(SOURCE);
      expect(await invokeByAws(name, { by: 'aws' })).toEqual([undefined, { event: { by: 'aws' }, name, memory: '256', isTimely: true }]);
      expect(await invokeByAws(name, { fail: true })).toEqual([
        'Unhandled',
        expect.objectContaining({ errorType: 'TypeError', errorMessage: 'bad thing' }) as unknown,
      ]);
      const answer = await invoke(name, { a: 'ä' }, TAIL);
      expect(answer.json()).toEqual({ event: { a: 'ä' }, name, memory: '256', isTimely: true });
      expect(logTail(answer)).toMatch(/INFO\tcalled as [\w-]+\n/);
      const failed = await invoke(name, { fail: true });
      expect(failed.json()).toMatchObject({ errorType: 'TypeError', errorMessage: 'bad thing' });
      expect((await invoke(name, { again: true })).json()).toMatchObject({ event: { again: true } });
    });
  });
}

describe.each([
  ['php8', 'text/x-php', '<?php\nfunction handler($event, $context) { echo "in PHP\\n"; return ["hello" => $event->name]; }'],
  ['ruby3', 'text/x-ruby', "def handler(event:, context:)\n  puts 'in Ruby'\n  { hello: event['name'] }\nend\n"],
] as const)('%s', (runtime, contentType, source) => {
  it('is deployed as a source file', async () => {
    const name = newName();
    const headers = { 'Content-Type': contentType };
    const made = await call(`/v1/functions/${name}`, { method: 'POST', headers, body: source });
    expect({ status: made.status, Runtime: made.json<{ Runtime: string }>().Runtime }).toEqual({ status: 201, Runtime: runtime });
    const answer = await invoke(name, { name: 'you' }, TAIL);
    expect(answer.json()).toEqual({ hello: 'you' });
    expect(logTail(answer)).toMatch(/in (PHP|Ruby)\n/);
  });
});
