import { eventually } from './eventually';
import { call, docker, stack } from './stack';

/** Services of the compose file. */
export type ServiceName = 'controller' | 'funclet' | 'redis';

/** Docker id of a service's container. @throws when the stack under test does not run in containers */
export async function serviceContainer(service: ServiceName): Promise<string> {
  if (stack.project === '') throw new Error('these tests need the compose stack: run them with `npm run test:faults`');
  const ids = await docker(
    'ps',
    '--all',
    '--quiet',
    '--no-trunc',
    '--filter',
    `label=com.docker.compose.project=${stack.project}`,
    '--filter',
    `label=com.docker.compose.service=${service}`,
  );
  const id = ids.split('\n')[0] ?? '';
  if (id === '') throw new Error(`project ${stack.project} has no container of the service ${service}`);
  return id;
}

/**
 * Sends a signal to the process of a service, from inside its container: Docker sees it end by itself and starts it
 * again (`docker kill` would count as stopped by hand, which the restart policy leaves alone).
 */
export async function signalService(service: ServiceName, signal: 'KILL' | 'TERM' | 'STOP' | 'CONT'): Promise<void> {
  const id = await serviceContainer(service);
  // PID 1 is docker-init; the service is its only child. The process of `docker exec` has parent 0.
  await docker('exec', id, 'sh', '-c', `kill -s ${signal} $(grep -l '^PPid:[[:space:]]*1$' /proc/[0-9]*/status | cut -d/ -f3)`);
}

/** How often Docker has started a service again by its restart policy. */
export async function restartCount(service: ServiceName): Promise<number> {
  return Number(await docker('inspect', '--format', '{{.RestartCount}}', await serviceContainer(service)));
}

/** Waits until the stack takes work and all of its parts are well. Back within 30 s is what the installation promises; there is room for a busy machine. */
export async function untilReady(deadlineMs = 60_000): Promise<void> {
  await eventually(
    async () => {
      const answer = await call('/readyz', { key: null, timeoutMs: 2_000 });
      if (answer.status !== 200) throw new Error(`/readyz answers ${answer.status}: ${answer.text}`);
    },
    deadlineMs,
    100,
  );
}

/** When the controller's process was started, seconds since the epoch; another value means another process. */
export async function controllerStartSeconds(): Promise<number> {
  const { text, status } = await call('/metrics');
  const value = /^process_start_time_seconds(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1];
  if (value === undefined) throw new Error(`/metrics answered ${status} without process_start_time_seconds`);
  return Number(value);
}
