import { LIMITS } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { invalidField } from '../invalid-field';

/*
 * Variables reach the user's process when its code is loaded. Names that the platform sets, and names that are read only
 * when a process starts (they would seem to work and do nothing, or make the runner load foreign code), are refused.
 */

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const RESERVED_PREFIXES = ['EASYFAAS_', 'AWS_LAMBDA_', 'LD_', 'PYTHON', 'MALLOC_', 'GLIBC_'];

export const RESERVED_ENV: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'TMPDIR',
  'HOSTNAME',
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_EXECUTION_ENV',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'NODE_V8_COVERAGE',
  'NODE_ICU_DATA',
  'NODE_COMPILE_CACHE',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_CHANNEL_FD',
  'NODE_UNIQUE_ID',
  'OPENSSL_CONF',
  'SSLKEYLOGFILE',
]);

/** Stands for every value in answers: values can be written and not read. Sent back in an update it means "as it was". */
export const MASKED_VALUE = '********';

/** @throws ServiceError RESERVED_ENV, VALIDATION_FAILED */
export function checkEnvironment(variables: Readonly<Record<string, string>>): void {
  const entries = Object.entries(variables);
  if (entries.length > LIMITS.environmentKeys) {
    throw invalidField(
      'Environment.Variables',
      `Environment.Variables has ${entries.length} names, the limit is ${LIMITS.environmentKeys}.`,
    );
  }
  let bytes = 0;
  for (const [name, value] of entries) {
    checkVariable(name, value);
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > LIMITS.environmentBytes) {
    throw invalidField(
      'Environment.Variables',
      `Environment.Variables has ${bytes} bytes of names and values, the limit is ${LIMITS.environmentBytes}; keep larger data in the package.`,
    );
  }
}

/**
 * The variables after an update: masked values are replaced by the ones that are stored.
 * @throws ServiceError VALIDATION_FAILED when a masked value has nothing behind it
 */
export function unmask(variables: Readonly<Record<string, string>>, stored: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(variables).map(([name, value]): [string, string] => {
    if (value !== MASKED_VALUE) return [name, value];
    const before = Object.hasOwn(stored, name) ? stored[name] : undefined;
    if (before !== undefined) return [name, before];
    throw invalidField(
      'Environment.Variables',
      `Environment.Variables: ${name} has the value that stands for a hidden one, but none is stored; send the value itself.`,
    );
  });
  return Object.fromEntries(entries);
}

/** The names with every value hidden. */
export function mask(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(variables).map((name) => [name, MASKED_VALUE]));
}

function checkVariable(name: string, value: string): void {
  checkVariableName('Environment.Variables', name);
  if (value.includes('\0'))
    throw invalidField(
      'Environment.Variables',
      `Environment.Variables: the value of ${name} contains a NUL, which no process environment can hold.`,
    );
}

/** @param field that the name was given in @throws ServiceError RESERVED_ENV, VALIDATION_FAILED */
export function checkVariableName(field: string, name: string): void {
  if (!NAME.test(name)) {
    const shown = JSON.stringify(name.slice(0, 64));
    throw invalidField(field, `${field}: the name ${shown} does not match ^[A-Za-z_][A-Za-z0-9_]{0,127}$.`);
  }
  if (RESERVED_ENV.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    throw new ServiceError(
      'RESERVED_ENV',
      `${field}: the name ${name} is reserved for the platform or read only at process start; use another name.`,
      {
        details: { field, name },
      },
    );
  }
}
