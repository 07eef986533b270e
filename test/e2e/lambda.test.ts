import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  ResourceConflictException,
  ResourceNotFoundException,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  paginateListVersionsByFunction,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { zipSingleFile } from '@easyfaas/code-package';
import { newName, removeDeployments, stack } from '../support/stack';

// A key is both: its first part is the access key id, the rest the secret.
const ACCESS_KEY = { accessKeyId: stack.key.slice(0, 17), secretAccessKey: stack.key.slice(18) };
afterAll(removeDeployments);

const ROLE = 'arn:aws:iam::000000000000:role/any';
const zipOf = (text: string): Promise<Buffer> => zipSingleFile('index.js', `exports.handler = async () => '${text}';`);

describe('the stock SDK of AWS', () => {
  const client = new LambdaClient({ endpoint: stack.url, region: 'us-east-1', credentials: ACCESS_KEY });
  afterAll(() => client.destroy());

  it('deploys, waits, publishes, shifts traffic, rolls back, invokes and deletes', async () => {
    const FunctionName = newName();
    const waiting = { client, maxWaitTime: 50, minDelay: 1, maxDelay: 2 };
    const create = { FunctionName, Runtime: 'nodejs20.x' as const, Handler: 'index.handler', Role: ROLE };
    await client.send(new CreateFunctionCommand({ ...create, Code: { ZipFile: await zipOf('one') } }));
    await expect(client.send(new CreateFunctionCommand({ ...create, Code: { ZipFile: await zipOf('one') } }))).rejects.toBeInstanceOf(
      ResourceConflictException,
    );
    await waitUntilFunctionActiveV2(waiting, { FunctionName });
    await client.send(new PublishVersionCommand({ FunctionName }));
    await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: await zipOf('two') }));
    await waitUntilFunctionUpdatedV2(waiting, { FunctionName });
    expect((await client.send(new PublishVersionCommand({ FunctionName }))).Version).toBe('2');

    const said = async (): Promise<unknown> => {
      const { Payload, ExecutedVersion } = await client.send(new InvokeCommand({ FunctionName, Qualifier: 'live' }));
      return [JSON.parse(Buffer.from(Payload ?? []).toString()) as unknown, ExecutedVersion];
    };
    await client.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
    expect(await said()).toEqual(['one', '1']);
    const shifted = { FunctionName, Name: 'live', RoutingConfig: { AdditionalVersionWeights: { '2': 1 } } };
    await client.send(new UpdateAliasCommand(shifted));
    expect(await said()).toEqual(['two', '2']);
    await client.send(new UpdateAliasCommand({ FunctionName, Name: 'live', RoutingConfig: { AdditionalVersionWeights: {} } }));
    expect(await said()).toEqual(['one', '1']);

    const versions: (string | undefined)[] = [];
    for await (const page of paginateListVersionsByFunction({ client, pageSize: 1 }, { FunctionName })) {
      versions.push(...(page.Versions ?? []).map(({ Version }) => Version));
    }
    expect(versions).toEqual(['$LATEST', '1', '2']);
    await client.send(new DeleteFunctionCommand({ FunctionName }));
    await expect(client.send(new GetFunctionCommand({ FunctionName }))).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(client.send(new ListVersionsByFunctionCommand({ FunctionName }))).rejects.toBeInstanceOf(ResourceNotFoundException);
  });
});

/** Debian's, which scripts/test.mjs installs where it can. */
const aws = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws';
const hasAws = spawnSync(aws, ['--version']).status === 0;
if (!hasAws && process.env['REQUIRE_DOCKER'] === '1') throw new Error('There is no aws command (Debian: apt-get install awscli).');
if (!hasAws) process.stderr.write('SKIPPED: no aws command\n');

(hasAws ? describe : describe.skip)('the aws command', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'easyfaas-aws-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What it prints, as JSON. */
  const lambda = (args: string[], secretAccessKey = ACCESS_KEY.secretAccessKey): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const env = {
        PATH: process.env['PATH'],
        HOME: folder,
        AWS_ACCESS_KEY_ID: ACCESS_KEY.accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_PAGER: '',
      };
      execFile(aws, ['lambda', ...args, '--endpoint-url', stack.url, '--output', 'json'], { cwd: folder, env }, (error, out, err) => {
        if (error === null) resolve((out.trim() === '' ? {} : JSON.parse(out)) as Record<string, unknown>);
        else reject(new Error(err.trim()));
      });
    });

  it('deploys, shifts traffic, rolls back, invokes and deletes', async () => {
    const name = newName();
    const of = ['--function-name', name];
    writeFileSync(join(folder, 'one.zip'), await zipOf('one'));
    writeFileSync(join(folder, 'two.zip'), await zipOf('two'));
    const code = ['--runtime', 'nodejs20.x', '--handler', 'index.handler', '--role', ROLE, '--zip-file', 'fileb://one.zip', '--publish'];
    expect((await lambda(['create-function', ...of, ...code]))['Version']).toBe('1');
    expect((await lambda(['update-function-code', ...of, '--zip-file', 'fileb://two.zip', '--publish']))['Version']).toBe('2');
    await lambda(['create-alias', ...of, '--name', 'live', '--function-version', '1']);
    const invoke = (): Promise<Record<string, unknown>> => lambda(['invoke', ...of, '--qualifier', 'live', 'answer.json']);
    const route = (weights: object): Promise<Record<string, unknown>> =>
      lambda(['update-alias', ...of, '--name', 'live', '--routing-config', JSON.stringify({ AdditionalVersionWeights: weights })]);
    await route({ '2': 1 });
    expect((await invoke())['ExecutedVersion']).toBe('2');
    await route({});
    expect((await invoke())['ExecutedVersion']).toBe('1');
    await lambda(['delete-function', ...of]);
    await expect(lambda(['get-function', ...of], 'B'.repeat(43))).rejects.toThrow('(InvalidSignatureException)');
    await expect(lambda(['get-function', ...of])).rejects.toThrow('(ResourceNotFoundException)');
  });
});
