import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from './repository';

const run = promisify(execFile);

/** The stack under test, as scripts/test.mjs describes it in the environment. */
export const stack = {
  url: required('EASYFAAS_TEST_URL'),
  dataDirectory: required('EASYFAAS_TEST_DATA_DIR'),
  /** Compose project; its services are `<project>-controller-1` and so on. */
  project: process.env['EASYFAAS_TEST_PROJECT'] ?? '',
  key: readFileSync(required('EASYFAAS_TEST_KEY_FILE'), 'utf8').trim(),
};

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(`${name} is not set: run these tests with \`npm run test:e2e\`, which starts a stack for them`);
  }
  return value;
}

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  /** The body as JSON; throws when it is not. */
  json: <T = unknown>() => T;
}

export interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** null sends no key. */
  key?: string | null;
  timeoutMs?: number;
}

/** One HTTP request to the stack. */
export async function call(path: string, options: CallOptions = {}): Promise<Answer> {
  const key = options.key === undefined ? stack.key : options.key;
  const response = await fetch(`${stack.url}${path}`, {
    method: options.method ?? 'GET',
    headers: { ...(key === null ? {} : { Authorization: `Bearer ${key}` }), ...options.headers },
    ...(options.body === undefined ? {} : { body: options.body }),
    signal: AbortSignal.timeout(options.timeoutMs ?? 60_000),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  return { status: response.status, headers: response.headers, bytes, text, json: <T>() => JSON.parse(text) as T };
}

export type Language = 'nodejs20' | 'python3';
/** Also those that most tests need not go through. */
export type AnyRuntime = Language | 'provided';
const CONTENT_TYPE: Record<AnyRuntime, string> = { nodejs20: 'text/javascript', python3: 'text/x-python', provided: 'text/x-shellscript' };

export interface Deployment {
  runtime?: AnyRuntime;
  source: string;
  handler?: string;
  timeoutSeconds?: number;
  memoryMb?: number;
  /** Of /tmp, MB. */
  storageMb?: number;
  concurrency?: number;
  network?: 'none' | 'egress';
  key?: string;
}

let sequence = 0;

/** Deploys one source file under a name of its own and returns the name. Deleted again by {@link removeDeployments}. */
export async function deploy(deployment: Deployment): Promise<string> {
  const runtime = deployment.runtime ?? 'nodejs20';
  const name = newName(deployment.key);
  const query = new URLSearchParams({ Runtime: runtime, Handler: deployment.handler ?? 'index.handler' });
  if (deployment.timeoutSeconds !== undefined) query.set('Timeout', String(deployment.timeoutSeconds));
  if (deployment.memoryMb !== undefined) query.set('MemorySize', String(deployment.memoryMb));
  if (deployment.storageMb !== undefined) query.set('EphemeralStorage', String(deployment.storageMb));
  if (deployment.network !== undefined) query.set('NetworkMode', deployment.network);
  if (deployment.concurrency !== undefined) query.set('PodConcurrentQuota', String(deployment.concurrency));
  const answer = await call(`/v1/functions/${name}?${query.toString()}`, {
    method: 'POST',
    headers: { 'Content-Type': CONTENT_TYPE[runtime] },
    body: deployment.source,
    ...(deployment.key === undefined ? {} : { key: deployment.key }),
  });
  if (answer.status !== 201) throw new Error(`deploy of ${name} answered ${answer.status}: ${answer.text}`);
  return name;
}

const madeKeyIds: string[] = [];
const deployed: { name: string; key: string | undefined }[] = [];

/** Deletes the functions and keys made in this file; call it in afterAll. */
export async function removeDeployments(): Promise<void> {
  for (const { name, key } of deployed.splice(0)) {
    const answer = await call(`/v1/functions/${name}`, { method: 'DELETE', ...(key === undefined ? {} : { key }) });
    if (answer.status !== 204 && answer.status !== 404) throw new Error(`delete of ${name} answered ${answer.status}: ${answer.text}`);
  }
  for (const keyId of madeKeyIds.splice(0)) {
    const answer = await call(`/v1/keys/${keyId}`, { method: 'DELETE' });
    if (answer.status !== 204) throw new Error(`revoking ${keyId} answered ${answer.status}: ${answer.text}`);
  }
}

/** Calls a function; `payload` is sent as JSON unless it is a Buffer. */
export function invoke(name: string, payload: unknown = {}, options: CallOptions = {}): Promise<Answer> {
  return call(`/v1/functions/${name}/invocations`, {
    method: 'POST',
    ...options,
    headers: { ...(Buffer.isBuffer(payload) ? {} : { 'Content-Type': 'application/json' }), ...options.headers },
    body: Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
  });
}

/** The log tail of an answer to a call with `Log-Type: Tail`. */
export function logTail(answer: Answer): string {
  return Buffer.from(answer.headers.get('x-easyfaas-log-result') ?? '', 'base64').toString('utf8');
}

const EXTENSION: Record<AnyRuntime, string> = { nodejs20: '.js', python3: '.py', provided: '' };

/** Text of a fixture of a runtime, such as `throws`. */
export function fixture(runtime: AnyRuntime, name: string): string {
  return readFileSync(join(repositoryRoot, 'runtimes', runtime, 'fixtures', `${name}${EXTENSION[runtime]}`), 'utf8');
}

/** Runs the docker command line; standard output. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', args, { maxBuffer: 32 << 20 });
  return stdout.trim();
}

export interface PoolContainer {
  containerId: string;
  dockerId?: string;
  state: string;
  /** Wall clock, ms. */
  stateSinceMs: number;
  reason: string;
  runtime: string;
  memoryMb: number;
  /** Calls that it serves now. */
  inFlight?: number;
  assignment?: { functionName: string; accountId: string };
}

/** Containers as the operations API shows them. */
export async function poolContainers(): Promise<PoolContainer[]> {
  const answer = await call('/v1/pool');
  if (answer.status !== 200) throw new Error(`GET /v1/pool answered ${answer.status}: ${answer.text}`);
  return answer.json<{ containers: PoolContainer[] }>().containers;
}

/** Makes a key of an account, with the stack's own admin key; `Scopes` default to all. Revoked by {@link removeDeployments}. */
export async function makeKey(accountId: string, scopes: readonly string[] = ['admin']): Promise<string> {
  const answer = await call('/v1/keys', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ AccountId: accountId, Scopes: scopes }),
  });
  if (answer.status !== 201) throw new Error(`POST /v1/keys answered ${answer.status}: ${answer.text}`);
  const { Key, KeyId } = answer.json<{ Key: string; KeyId: string }>();
  madeKeyIds.push(KeyId);
  return Key;
}

/** One JSON request of the API. */
export function callJson(method: string, path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
  return call(path, {
    ...options,
    method,
    headers: { 'Content-Type': 'application/json', ...options.headers },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
}

/** Name of a function that no other test uses; {@link removeDeployments} deletes it if it is made. */
export function newName(key?: string): string {
  const name = `t-${process.pid}-${Date.now().toString(36)}-${++sequence}`;
  deployed.push({ name, key });
  return name;
}
