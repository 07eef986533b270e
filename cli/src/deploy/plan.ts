import type { Configuration } from './function-spec';

/** What EasyFaaS has of a function now. */
export interface Deployed {
  configuration: Record<string, unknown>;
  /** Hex SHA-256 of its package. */
  codeSha256: string;
  reservedConcurrency: number | undefined;
}

export interface Change {
  what: string;
  from: string | undefined;
  to: string;
}

export interface DeployPlan {
  action: 'create' | 'update' | 'nothing';
  /** Upload the code. */
  withCode: boolean;
  /** Members of the configuration to send. */
  configuration: Configuration;
  changes: Change[];
}

/**
 * What a deployment has to do, compared with what is there. Values of environment variables cannot be read back: they are sent
 * each time, and EasyFaaS keeps its containers when they are the same.
 * @param codeSha256 undefined when it is known only after compiling
 */
export function planDeploy(wanted: Configuration, codeSha256: string | undefined, deployed: Deployed | undefined): DeployPlan {
  if (deployed === undefined) {
    return { action: 'create', withCode: true, configuration: wanted, changes: describe(wanted, {}) };
  }
  const current = comparable(deployed);
  const changed = Object.fromEntries(
    Object.entries(wanted).filter(([member, value]) => !isSame(member, value, current[member])),
  ) as Configuration;
  const withCode = codeSha256 === undefined || codeSha256 !== deployed.codeSha256;
  const changes = describe(changed, current);
  if (withCode)
    changes.unshift({ what: 'code', from: short(deployed.codeSha256), to: codeSha256 === undefined ? 'compiled anew' : short(codeSha256) });
  const variables = wanted.Environment === undefined ? {} : { Environment: wanted.Environment };
  const configuration = { ...changed, ...variables };
  const isNothing = !withCode && Object.keys(configuration).length === 0;
  return { action: isNothing ? 'nothing' : 'update', withCode, configuration, changes };
}

/** What is there, in the form in which it is asked for. */
function comparable({ configuration, reservedConcurrency }: Deployed): Record<string, unknown> {
  const layers = configuration['Layers'] as { Arn: string }[] | undefined;
  return {
    ...configuration,
    ReservedConcurrentExecutions: reservedConcurrency,
    // `brn:…:layer:name:version`
    Layers: (layers ?? []).map(({ Arn }) => Arn.split(':').slice(-2).join(':')),
  };
}

function isSame(member: string, wanted: unknown, current: unknown): boolean {
  if (member === 'Environment') return sameKeys(variablesOf(wanted), variablesOf(current));
  return JSON.stringify(sorted(wanted)) === JSON.stringify(sorted(current));
}

const variablesOf = (environment: unknown): Record<string, string> =>
  (environment as { Variables?: Record<string, string> } | undefined)?.Variables ?? {};
const sameKeys = (a: object, b: object): boolean => JSON.stringify(Object.keys(a).sort()) === JSON.stringify(Object.keys(b).sort());

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describe(wanted: Configuration, current: Record<string, unknown>): Change[] {
  return Object.entries(wanted).map(([what, value]) => ({ what, from: words(what, current[what]), to: words(what, value) ?? '' }));
}

function words(member: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  // Names only: values may be secrets, and this is printed.
  if (member === 'Environment') return Object.keys(variablesOf(value)).sort().join(', ') || 'no variables';
  return typeof value === 'string' ? value || '(empty)' : JSON.stringify(value);
}

const short = (sha256: string): string => sha256.slice(0, 12);
