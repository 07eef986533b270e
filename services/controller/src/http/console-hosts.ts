import type { EnvReader } from '@easyfaas/service-kit';

/** Names, without port, at which the web console is served: all that the controller answers to, or these. */
export type ConsoleHosts = 'all' | readonly string[];

const NAME = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\])$/;

/** `EASYFAAS_CONSOLE`: `on`, `off`, or names of hosts. */
export function readConsoleHosts(values: readonly string[], reader: EnvReader): ConsoleHosts {
  const [only] = values;
  if (values.length === 1 && only === 'on') return 'all';
  if (values.length === 1 && only === 'off') return [];
  const names = values.map((value) => value.toLowerCase());
  for (const name of names) {
    if (!NAME.test(name) || name === 'on' || name === 'off')
      reader.problem(`EASYFAAS_CONSOLE has "${name}", expected on, off, or names of hosts without port such as ui.example`);
  }
  return names;
}

/** @param host the Host header, which the front door has found good */
export function isConsoleHost(hosts: ConsoleHosts, host: string | undefined): boolean {
  if (hosts === 'all') return true;
  return hosts.length > 0 && hosts.includes((host ?? '').toLowerCase().replace(/:\d{1,5}$/, ''));
}
