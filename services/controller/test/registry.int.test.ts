import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DEFAULT_PACKAGE_LIMITS, zipSingleFile } from '@easyfaas/code-package';
import { LIMITS, type StoredFunction } from '@easyfaas/contracts/wire';
import { FakeClock, type ServiceError, silentLogger, systemClock } from '@easyfaas/service-kit';
import { DiskPackageStore } from '../src/functions/disk-package-store';
import { RegistryClient } from '../src/registry/registry-client';
import { RegistryDirectory } from '../src/registry/registry-directory';
import { RegistryFunctions } from '../src/registry/registry-functions';
import { RegistryPackages } from '../src/registry/registry-packages';
import { RUNTIMES, startApi } from './api-under-test';
import { clientOf, jsonBody } from './http-client';
import { describeWithRedis, startRedis } from './redis-server';

const ROOT = resolve(__dirname, '../../..');
const TOKEN = 'the-token';
type Answering = (request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
// Made before the first test; tables of hostile answers need no real one.
let zip: Buffer = Buffer.alloc(0);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'easyfaas-registry-'));
  zip = await zipSingleFile('index.js', 'exports.handler = async () => 1;');
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The rules that a registry breaks; empty when it keeps all. */
async function broken(...args: string[]): Promise<string[]> {
  const script = join(ROOT, 'scripts/registry-contract.mjs');
  const output = await new Promise<string>((done) => {
    execFile(process.execPath, [script, ...args], (_error, stdout, stderr) => done(stdout + stderr));
  });
  if (!output.includes('rules kept')) return [output];
  return output.split('\n').filter((line) => line.startsWith('✗'));
}

describe('a function registry', () => {
  let server: Server;
  let baseUrl: string;
  let answering: Answering;
  let seen: IncomingMessage[];
  let clock: FakeClock;
  let directory: RegistryDirectory;
  let packages: RegistryPackages;
  let disk: DiskPackageStore;

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      answering(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  beforeEach(() => {
    seen = [];
    clock = new FakeClock();
    const codeOrigins = new Set([new URL(baseUrl).origin]);
    const client = new RegistryClient({ baseUrl, token: TOKEN, codeOrigins, newRequestId: randomUUID });
    const functions = new RegistryFunctions({ client, runtimes: RUNTIMES });
    const logger = silentLogger();
    directory = new RegistryDirectory({ functions, ttlMs: 10_000, staleMs: 60_000, clock, logger });
    packages = new RegistryPackages({ client, functions, logger });
    const shared = { packageBytes: LIMITS.packageBytes, limits: DEFAULT_PACKAGE_LIMITS, clock: systemClock, logger };
    disk = new DiskPackageStore({ dataDir: mkdtempSync(join(folder, 'data-')), ...shared });
  });

  const functionOf = (configuration: object = {}, more: object = {}): object => ({
    Code: { Location: 'f/code', RepositoryType: 'x' },
    Configuration: {
      FunctionName: 'f',
      FunctionArn: 'brn:cloud:faas:bj:acc:function:f',
      Uid: 'acc',
      Version: '$LATEST',
      Runtime: 'nodejs20',
      Handler: 'index.handler',
      MemorySize: 256,
      CommitId: 'commit-1',
      CodeSha256: createHash('sha256').update(zip).digest('base64'),
      ...configuration,
    },
    ...more,
  });
  const json =
    (body: unknown, headers: Record<string, string> = {}): Answering =>
    (_request, response) =>
      void response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  const status =
    (code: number, headers: Record<string, string> = {}): Answering =>
    (_request, response) =>
      void response.writeHead(code, headers).end();
  const find = async (qualifier = '$LATEST'): Promise<StoredFunction> => directory.find('acc', 'f', qualifier);
  const failure = (): Promise<ServiceError> =>
    find().then(
      () => Promise.reject(new Error('it was found')),
      (error: ServiceError) => error,
    );

  it('is asked with account, request id and token, and its functions can be called', async () => {
    answering = json(functionOf({ Environment: { Variables: { A: 'b' } } }, { Concurrency: { ReservedConcurrentExecutions: 3 } }));
    expect(await find()).toMatchObject({
      accountId: 'acc',
      configuration: { State: 'Active', Timeout: 3, MemorySize: 256, NetworkMode: 'none', Environment: { Variables: { A: 'b' } } },
      concurrency: { ReservedConcurrentExecutions: 3 },
      code: { sha256: createHash('sha256').update(zip).digest('hex') },
    });
    expect(seen[0]?.url).toBe('/base/functions/f?Qualifier=%24LATEST');
    expect(seen[0]?.headers).toMatchObject({ 'x-easyfaas-account-id': 'acc', authorization: `Bearer ${TOKEN}` });
    expect(seen[0]?.headers['x-easyfaas-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('says how large /tmp is, as far as there is such a size', async () => {
    answering = json(functionOf({ EphemeralStorage: { Size: 128 } }));
    expect((await find()).configuration.EphemeralStorage).toEqual({ Size: 128 });
    for (const Size of [100, 256]) {
      answering = json(functionOf({ EphemeralStorage: { Size } }));
      clock.advance(3_700_000);
      expect(await failure()).toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining('EphemeralStorage') as unknown });
    }
  });

  it('is asked again after some time only, with its ETag, and what changed is told', async () => {
    const changes: unknown[] = [];
    directory.onChange((change) => changes.push(change));
    answering = json(functionOf(), { ETag: '"1"' });
    const first = await find();
    expect(await find()).toBe(first);
    expect(seen).toHaveLength(1);
    answering = status(304);
    clock.advance(25_000);
    expect(await find()).toBe(first);
    expect(seen[1]?.headers['if-none-match']).toBe('"1"');
    answering = json(functionOf({ Timeout: 9 }));
    clock.advance(25_000);
    const changed = await find();
    // Its own CommitId was forgotten: what a container is made of counts as well.
    expect(changed.configuration.CommitId).not.toBe(first.configuration.CommitId);
    answering = status(404);
    clock.advance(25_000);
    expect((await failure()).code).toBe('FUNCTION_NOT_FOUND');
    expect(changes).toEqual([
      { accountId: 'acc', functionName: 'f', commitId: changed.configuration.CommitId },
      { accountId: 'acc', functionName: 'f' },
    ]);
  });

  it.each<[string, Answering]>([
    ['is down', (request) => request.destroy()],
    ['fails', status(503)],
    ['talks nonsense', (_request, response) => void response.end('<html>')],
  ])('is served from memory while it %s, for so long', async (_, wrong) => {
    answering = json(functionOf());
    const first = await find();
    answering = wrong;
    clock.advance(30_000);
    expect(await find()).toBe(first);
    clock.advance(30_001);
    expect((await failure()).code).toMatch(/^REGISTRY_/);
  });

  it('resolves aliases itself, and may name another version for them only', async () => {
    answering = json(functionOf({ Version: '7' }));
    expect((await find('live')).configuration.Version).toBe('7');
    await expect(find('8')).rejects.toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining('Version') as unknown });
  });

  it('may have runtimes of other names for installed ones', async () => {
    answering = (request, response) =>
      json(request.url?.includes('/runtimes/') === true ? { Name: 'nodejs20' } : functionOf({ Runtime: 'node12' }))(request, response);
    expect((await find()).configuration.Runtime).toBe('nodejs20');
    expect(seen[1]?.url).toBe('/base/runtimes/node12/configuration');
  });

  it.each<[string, Answering, string]>([
    ['redirects', status(302, { Location: 'http://169.254.169.254/' }), 'redirects are not followed'],
    ['refuses the token', status(401), 'EASYFAAS_REGISTRY_TOKEN'],
    [
      'sends no end of bytes',
      (_request, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536, 32)));
          response.once('drain', more);
        };
        more();
      },
      '262144 bytes',
    ],
    ['sends a list', json([]), 'body'],
    ['sends a forbidden key', (_request, response) => void response.end('{"__proto__":{}}'), '__proto__'],
    ['leaves out the handler', json(functionOf({ Handler: undefined })), 'Configuration.Handler'],
    ['has a text for a number', json(functionOf({ MemorySize: '256' })), 'Configuration.MemorySize'],
    ['has another function', json(functionOf({ FunctionName: 'g' })), 'Configuration.FunctionName'],
    ['has the function of another account', json(functionOf({ Uid: 'other' })), 'Configuration.Uid'],
    [
      'sets what only the platform may',
      json(functionOf({ Environment: { Variables: { NODE_OPTIONS: '--require x' } } })),
      'Configuration.Environment',
    ],
    ['has a hash that is none', json(functionOf({ CodeSha256: '../../etc/passwd' })), 'Configuration.CodeSha256'],
  ])('that %s is answered with an error that names it', async (_, hostile, words) => {
    answering = hostile;
    const error = await failure();
    expect(error.code).toBe('REGISTRY_INVALID');
    expect(error.message).toContain(words);
  });

  const fetched = async (code: Answering, location = 'f/code'): Promise<void> => {
    answering = (request, response) =>
      request.url?.endsWith('/code') === true
        ? code(request, response)
        : json(functionOf({}, { Code: { Location: location } }))(request, response);
    const { code: stored } = await find();
    await packages.ensure(stored.sha256, disk);
    expect(await disk.has(stored.sha256)).toBe(true);
  };

  it('has its code fetched once, from beside its answer', async () => {
    await fetched((_request, response) => void response.end(zip));
    expect(seen[1]?.url).toBe('/base/functions/f/code');
    await packages.ensure((await find()).code.sha256, disk);
    expect(seen).toHaveLength(2);
  });

  it.each<[string, Answering, string | undefined, string]>([
    ['of another hash', (_request, response) => void response.end(Buffer.concat([zip, Buffer.from('x')])), undefined, 'Sha256'],
    ['behind a redirect', status(302, { Location: '/x' }), undefined, 'redirects'],
    ['on another host', status(200), 'http://169.254.169.254/latest', 'EASYFAAS_REGISTRY_CODE_ORIGINS'],
    ['in a file of this host', status(200), 'file:///etc/passwd', 'EASYFAAS_REGISTRY_CODE_ORIGINS'],
  ])('is not believed with code %s', async (_, code, location, words) => {
    await expect(fetched(code, location)).rejects.toMatchObject({
      code: 'REGISTRY_INVALID',
      message: expect.stringContaining(words) as unknown,
    });
  });
});

describe('the contract of a registry', () => {
  let example: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const directory = join(folder, 'functions', 'default', 'hello');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'function.json'), JSON.stringify({ Runtime: 'nodejs20', Handler: 'index.handler' }));
    writeFileSync(join(directory, 'code.zip'), zip);
    const program = join(ROOT, 'examples/registry/registry.mjs');
    example = spawn(process.execPath, [program, join(folder, 'functions'), '0'], {
      env: { ...process.env, TOKEN },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(example.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    url = line.toString().trim().split(' ').at(-1) ?? '';
  });

  afterAll(async () => {
    example.kill();
    await once(example, 'exit');
  });

  it('is kept by the example', async () => {
    expect(await broken(url, 'hello', '--token', TOKEN)).toEqual([]);
  });

  it('is found broken where it is', async () => {
    expect((await broken(url, 'absent', '--token', TOKEN)).length).toBeGreaterThan(8);
    expect((await broken(url, 'hello', '--token', 'wrong'))[0]).toContain('status 401');
  });
});

describeWithRedis('the built-in functions as a registry', () => {
  it('keep the contract, show no function with layers or secrets, and are for operators', async () => {
    const redis = await startRedis();
    const api = await startApi({ redisUrl: redis.url, prefix: redis.prefix });
    try {
      const key = await api.adminKey();
      const call = clientOf(api.url, key);
      const body = {
        Runtime: 'nodejs20',
        Handler: 'index.handler',
        Code: { ZipFile: zip.toString('base64') },
        Environment: { Variables: { A: 'b' } },
      };
      expect((await call('/v1/functions/hello', { method: 'POST', ...jsonBody(body) })).status).toBe(201);
      expect(await broken(`${api.url}/v1/registry`, 'hello', '--token', key)).toEqual([]);
      await call('/v1/functions/hello/secrets/KEY', { method: 'PUT', ...jsonBody({ Value: 'x' }) });
      expect((await call('/v1/registry/functions/hello')).status).toBe(501);
      const { Key } = (await call('/v1/keys', { method: 'POST', ...jsonBody({ Scopes: ['deploy'] }) })).json<{ Key: string }>();
      expect((await clientOf(api.url, Key)('/v1/registry/functions/hello')).status).toBe(403);
    } finally {
      await api.stop();
      await redis.stop();
    }
  });
});
