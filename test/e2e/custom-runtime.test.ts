import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { zipFiles, type FileToZip } from '@easyfaas/code-package';
import { go, goProgram } from '../support/go-program';
import { repositoryRoot } from '../support/repository';
import { call, callJson, deploy, fixture, invoke, logTail, newName, removeDeployments } from '../support/stack';

afterAll(removeDeployments);

const TAIL = { headers: { 'Log-Type': 'Tail' } };

/** Deploys a package with a bootstrap and returns the function's name. */
async function deployPackage(files: readonly FileToZip[], more: object = {}): Promise<string> {
  const name = newName();
  const Code = { ZipFile: (await zipFiles(files)).toString('base64') };
  const answer = await callJson('POST', `/v1/functions/${name}`, { Runtime: 'provided', Handler: 'index.handler', Code, ...more });
  if (answer.status !== 201) throw new Error(`deploy of ${name} answered ${answer.status}: ${answer.text}`);
  return name;
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
  it('answers, fails and prints as the example says, several calls at once', async () => {
    const program = goProgram(join(repositoryRoot, 'examples/custom-runtime-go'));
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

    it('answers, fails and prints', async () => {
      const bootstrap = '#!/bin/sh\nexec node node_modules/aws-lambda-ric/bin/index.mjs "$_HANDLER"\n';
      const own = [
        { name: 'bootstrap', content: bootstrap, isExecutable: true },
        { name: 'index.js', content: SOURCE },
        {
          name: 'node_modules/aws-lambda-ric/package.json',
          content: readFileSync(join(clientFolder ?? '', 'node_modules/aws-lambda-ric/package.json')),
        },
      ];
      const name = await deployPackage([...own, ...client()], { MemorySize: 256, Timeout: 10 });
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
