import type { Request } from 'express';
import type { RuntimeManifest, StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { authorizeFunction } from '../../auth/authorize';
import type { FunctionService } from '../../functions/function-service';
import type { ProvisionedService } from '../../functions/provisioned-service';
import { invalidField } from '../../invalid-field';
import type { TriggerService } from '../../triggers/trigger-service';
import { readBytes } from '../body';
import type { LogStream } from '../log-stream';
import { type Mount, pathParameter } from '../mount-route';
import type { PoolReader } from '../pool-reader';
import { readQuery } from '../query';
import { principalOf, requestContext } from '../request-context';
import { readTime } from '../routes/records';
import { parseStrictJson } from '../strict-json';
import { NAMESPACE, resolveOpenfaasName } from './openfaas-name';
import { type FunctionActivity, openfaasLogLines, openfaasView } from './openfaas-view';

export interface OpenfaasSystemDeps {
  version: string;
  functions: FunctionService;
  provisioned: ProvisionedService;
  triggers: { service: TriggerService };
  pool: PoolReader;
  logs: LogStream;
  runtimes: ReadonlyMap<string, RuntimeManifest>;
}

const PAGE = 100;
const BODY_BYTES = 64 * 1024;
/** Calls whose logs are looked through. */
const LOGGED_CALLS = 100;
const ARCHITECTURES: Partial<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** `/system/…`: what OpenFaaS's clients ask of a gateway. */
export function mountOpenfaasSystem(mount: Mount, deps: OpenfaasSystemDeps): void {
  const { functions, provisioned, triggers, logs } = deps;
  const nameOf = (request: Request, text: string, namespace?: string): { accountId: string; functionName: string } => {
    const principal = principalOf(request);
    const { accountId } = principal;
    const { functionName } = resolveOpenfaasName(text, { accountId, region: functions.region }, namespace);
    authorizeFunction(principal, functionName);
    return { accountId, functionName };
  };

  mount('/system/functions', {
    get: async (request, response) => {
      const { namespace } = readQuery(request, ['namespace']);
      if (![undefined, '', NAMESPACE].includes(namespace)) throw invalidField('namespace', `The only namespace is ${NAMESPACE}.`);
      const { accountId, functions: limit } = principalOf(request);
      const activity = await activityOf(deps, accountId);
      const shown = (await allOf(functions, accountId)).filter(({ configuration }) => limit?.covers(configuration.FunctionName) ?? true);
      response.json(shown.map((stored) => openfaasView(stored, activity)));
    },
    post: refuseImages,
    put: refuseImages,
    delete: async (request, response) => {
      const { namespace: inQuery } = readQuery(request, ['namespace']);
      const body = await readObject(request);
      const name = textOf(body, 'functionName');
      const { accountId, functionName } = nameOf(request, name, textOf(body, 'namespace', inQuery ?? ''));
      await triggers.service.assertNone(accountId, functionName);
      await functions.delete(accountId, functionName);
      response.status(202).end();
    },
  });

  mount('/system/function/:name', {
    get: async (request, response) => {
      const { namespace } = readQuery(request, ['namespace', 'usage']);
      const { accountId, functionName } = nameOf(request, pathParameter(request, 'name'), namespace);
      const stored = await functions.read(accountId, functionName);
      response.json(openfaasView(stored, await activityOf(deps, accountId)));
    },
  });

  mount('/system/scale-function/:name', {
    post: async (request, response) => {
      const { namespace } = readQuery(request, ['namespace']);
      const name = { ...nameOf(request, pathParameter(request, 'name'), namespace), qualifier: '$LATEST' };
      const { replicas } = await readObject(request);
      if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
        throw invalidField('replicas', 'replicas must be a whole number; so many containers are kept warm, and more are made as needed.');
      }
      const { configuration, provisioned: kept } = await functions.read(name.accountId, name.functionName);
      if (replicas > 0) await provisioned.put(name, replicas * configuration.PodConcurrentQuota);
      else if (kept?.[name.qualifier] !== undefined) await provisioned.delete(name);
      response.status(202).end();
    },
  });

  mount('/system/info', {
    get: (_request, response) => {
      const version = { sha: '', release: deps.version, commit_message: '' };
      const provider = { provider: 'easyfaas', orchestration: 'docker', version };
      response.json({ provider, version, arch: ARCHITECTURES[process.arch] ?? process.arch });
    },
  });

  mount('/system/namespaces', {
    get: (_request, response) => {
      response.json([NAMESPACE]);
    },
  });

  mount('/system/logs', {
    get: async (request, response) => {
      const query = readQuery(request, ['name', 'namespace', 'instance', 'tail', 'since', 'follow']);
      const { accountId, functionName } = nameOf(request, query.name ?? '', query.namespace);
      await functions.read(accountId, functionName);
      await logs.send(response, {
        accountId,
        functionName,
        limit: LOGGED_CALLS,
        ...tailOf(query.tail),
        ...(query.since === undefined || query.since === '' ? {} : { sinceMs: readTime('since', query.since) }),
        isFollowed: flagOf('follow', query.follow),
        mayFollow: requestContext(request).isKeyValid,
        linesOf: (record) => {
          const isWanted = query.instance === undefined || query.instance === '' || query.instance === record.containerId;
          return isWanted ? openfaasLogLines(record) : [];
        },
      });
    },
  });

  mount('/system/secrets', { get: refuseSecrets, post: refuseSecrets, put: refuseSecrets, delete: refuseSecrets });
}

async function activityOf({ pool, runtimes }: OpenfaasSystemDeps, accountId: string): Promise<FunctionActivity> {
  const { containers } = await pool.list();
  return { calls: pool.callsOf(accountId), containers, imageOf: (runtime) => runtimes.get(runtime)?.image ?? runtime };
}

/** OpenFaaS's list has no pages. */
async function allOf(functions: FunctionService, accountId: string): Promise<StoredFunction[]> {
  const all: StoredFunction[] = [];
  for (let marker: string | undefined, isFirst = true; isFirst || marker !== undefined; isFirst = false) {
    const page = await functions.list(accountId, { limit: PAGE, ...(marker === undefined ? {} : { marker }) });
    all.push(...page.functions);
    marker = page.nextMarker;
  }
  return all;
}

/** OpenFaaS's clients do not always say that it is JSON. */
async function readObject(request: Request): Promise<Record<string, unknown>> {
  return parseStrictJson(await readBytes(request, BODY_BYTES));
}

/** @throws ServiceError VALIDATION_FAILED */
function textOf(body: Record<string, unknown>, name: string, absent?: string): string {
  const value = body[name] ?? absent;
  if (typeof value === 'string') return value;
  throw invalidField(name, `${name} must be a text.`);
}

/** OpenFaaS's clients write -1 for everything. */
function tailOf(tail = ''): { tailLines?: number } {
  if (tail === '' || tail === '-1') return {};
  if (/^\d{1,9}$/.test(tail)) return { tailLines: Number(tail) };
  throw invalidField('tail', 'tail must be a whole number of lines.');
}

function flagOf(name: string, text = 'false'): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0' || text === '') return false;
  throw invalidField(name, `${name} must be true or false.`);
}

function refuseImages(): never {
  throw new ServiceError(
    'NOT_SUPPORTED',
    'OpenFaaS deploys images; here a function is its code: POST a source file or a zip to /v1/functions/<name>, see docs/guides/from-openfaas.md.',
  );
}

function refuseSecrets(): never {
  throw new ServiceError(
    'NOT_SUPPORTED',
    'OpenFaaS secrets are for all functions; here each has its own: PUT /v1/functions/<name>/secrets/<secret>.',
  );
}
