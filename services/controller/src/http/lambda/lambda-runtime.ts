import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import { LambdaError } from './lambda-error';

type Runtimes = ReadonlyMap<string, RuntimeManifest>;

/** AWS's name of a runtime, where it has one. */
export function lambdaRuntimeName(name: string, runtimes: Runtimes): string {
  return runtimes.get(name)?.aliases?.[0] ?? name;
}

/** Our name of a runtime that is named in AWS's way, or in ours. @throws LambdaError when there is none */
export function ownRuntimeName(name: string, runtimes: Runtimes): string {
  if (runtimes.has(name)) return name;
  for (const manifest of runtimes.values()) if (manifest.aliases?.includes(name) === true) return manifest.name;
  const known = [...runtimes.keys()].map((each) => lambdaRuntimeName(each, runtimes)).join(', ');
  throw new LambdaError(
    'InvalidParameterValueException',
    `Value ${name.slice(0, 64)} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${known}] or be a valid ARN`,
  );
}
