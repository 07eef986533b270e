import { CONTAINER_ENV, type RuntimeManifest } from '@easyfaas/contracts/wire';

/** What a function finds in its environment besides its own variables. Anything else of the container's stays with the runner. */
export const ENVIRONMENT_DEFAULTS = { HOME: '/tmp', TMPDIR: '/tmp', PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' };

/**
 * Environment of the runtime process: an allow-list, then the manifest's, then what RESTART added.
 * The socket's path and the token come last: nothing may replace them.
 */
export function runtimeEnvironment(
  container: NodeJS.ProcessEnv,
  manifest: Pick<RuntimeManifest, 'env'>,
  restartEnv: Record<string, string>,
): Record<string, string> {
  const environment: Record<string, string> = { ...ENVIRONMENT_DEFAULTS };
  for (const key of Object.keys(ENVIRONMENT_DEFAULTS)) environment[key] = container[key] ?? environment[key] ?? '';
  Object.assign(environment, manifest.env, restartEnv);
  for (const key of Object.values(CONTAINER_ENV)) {
    delete environment[key];
    if (container[key] !== undefined) environment[key] = container[key];
  }
  return environment;
}
