import { CONTAINER_ENV, type RuntimeManifest } from '@easyfaas/contracts/wire';
import { ENVIRONMENT_DEFAULTS } from './runtime-environment';

/**
 * Text of `start`, which the launcher reads: the manifest that it was made of, without line breaks, and a function that becomes the
 * language's process, with the environment of {@link runtimeEnvironment} in a session of its own. Pure.
 * @param text of runtime.json
 */
export function startFile(text: string): string {
  const { command, args, env } = JSON.parse(text) as RuntimeManifest;
  const own = Object.values(CONTAINER_ENV);
  const variables = [
    ...Object.entries(ENVIRONMENT_DEFAULTS)
      .filter(([name]) => env?.[name] === undefined)
      .map(([name, value]) => `${name}="\${${name}-${value}}"`),
    ...Object.entries(env ?? {})
      .filter(([name]) => !own.some((each) => each === name))
      .map(([name, value]) => quoted(`${name}=${value}`)),
    ...own.map((name) => `\${${name}+"${name}=$${name}"}`),
  ];
  const words = [...variables, ...[command, ...args].map(quoted)];
  return `manifest=${quoted(text.replaceAll('\n', ''))}\nstart_runtime() {\n  exec setsid env -i ${words.join(' ')}\n}\n`;
}

/** One word for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
