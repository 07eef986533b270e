import type { ApiClient } from '../api-client';
import { CliError } from '../cli-error';
import { type Configuration, type FunctionSpec, configurationOf } from './function-spec';
import { type DeployPlan, type Deployed, planDeploy } from './plan';
import { type Code, readCode } from './read-code';

export interface Deployment {
  name: string;
  plan: DeployPlan;
  /** As EasyFaaS has it afterwards; undefined when nothing was sent. */
  configuration?: { Runtime: string; Version: string; CodeSize: number; CodeSha256: string; MemorySize: number; FunctionArn: string };
  tookMs: number;
}

interface FunctionAnswer {
  Configuration: Record<string, unknown>;
  Code: { Sha256: string };
  Concurrency: { ReservedConcurrentExecutions?: number };
}

/** Brings one function to what its spec says. @param isDryRun only compares */
export async function deployFunction(api: ApiClient, spec: FunctionSpec, { isDryRun }: { isDryRun: boolean }): Promise<Deployment> {
  const startedAt = performance.now();
  const code = await readCode(spec.codePath);
  const deployed = await readDeployed(api, spec.name);
  const wanted = withDefaults(configurationOf(spec), code, deployed);
  const plan = planDeploy(wanted, code.sha256, deployed);
  const configuration = isDryRun || plan.action === 'nothing' ? undefined : await carryOut(api, spec.name, plan, code);
  const done = configuration !== undefined && isSameCode(configuration, code, deployed) ? withoutCode(plan) : plan;
  return { name: spec.name, plan: done, ...(configuration === undefined ? {} : { configuration }), tookMs: performance.now() - startedAt };
}

/** Of source that EasyFaaS compiles this is known afterwards. */
function isSameCode({ CodeSha256 }: { CodeSha256: string }, { sha256 }: Code, deployed: Deployed | undefined): boolean {
  return sha256 === undefined && Buffer.from(CodeSha256, 'base64').toString('hex') === deployed?.codeSha256;
}

function withoutCode(plan: DeployPlan): DeployPlan {
  const changes = plan.changes.filter(({ what }) => what !== 'code');
  return { ...plan, changes, action: changes.length === 0 ? 'nothing' : plan.action };
}

async function readDeployed(api: ApiClient, name: string): Promise<Deployed | undefined> {
  const answer = await api.find<FunctionAnswer>(pathOf(name));
  return answer === undefined
    ? undefined
    : {
        configuration: answer.Configuration,
        codeSha256: answer.Code.Sha256,
        reservedConcurrency: answer.Concurrency.ReservedConcurrentExecutions,
      };
}

/** What a first deployment needs and the spec leaves out, from the code itself. */
function withDefaults(wanted: Configuration, code: Code, deployed: Deployed | undefined): Configuration {
  if (deployed !== undefined) return wanted;
  const runtime = wanted.Runtime ?? code.runtime;
  if (runtime === undefined) {
    throw new CliError('It is not clear which runtime the code is for.', {
      remedy: 'Give --runtime, such as nodejs20 or python3, or `runtime:` in the manifest.',
    });
  }
  return { Handler: 'index.handler', ...wanted, Runtime: runtime };
}

async function carryOut(api: ApiClient, name: string, plan: DeployPlan, code: Code): Promise<NonNullable<Deployment['configuration']>> {
  const path = pathOf(name);
  type Answer = NonNullable<Deployment['configuration']>;
  if (plan.action === 'create' && code.contentType === 'application/zip') {
    return api.json<Answer>(path, { method: 'POST', body: { ...plan.configuration, Code: { ZipFile: code.bytes.toString('base64') } } });
  }
  let answer: Answer | undefined;
  let { configuration } = plan;
  if (plan.withCode) {
    // Source text leaves no place for the configuration in the body: what a create needs goes into the query.
    const { Runtime, Handler, ...rest } = configuration;
    const isCreate = plan.action === 'create';
    answer = await api.json<Answer>(isCreate ? path : `${path}/code`, {
      method: isCreate ? 'POST' : 'PUT',
      body: code.bytes,
      headers: { 'Content-Type': code.contentType },
      query: isCreate ? { Runtime, Handler } : {},
    });
    if (isCreate) configuration = rest;
  }
  if (Object.keys(configuration).length > 0)
    answer = await api.json<Answer>(`${path}/configuration`, { method: 'PUT', body: configuration });
  if (answer === undefined) throw new Error('a plan without a step was carried out');
  return answer;
}

export const pathOf = (name: string): string => `/v1/functions/${encodeURIComponent(name)}`;
