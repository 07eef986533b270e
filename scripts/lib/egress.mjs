// What a stack has for functions with egress besides their containers: a network, its guard, and the guard's packet filter rules.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

/** Value of the label on all of it; undefined where the stack never started. */
export function readInstanceId(dataDir) {
  const path = join(dataDir, 'instance-id');
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

/** Ids of guards and networks that are there. */
export async function findEgress(instanceId, log) {
  const filter = ['--filter', `label=easyfaas.egress=${instanceId}`];
  const guards = await run('docker', ['ps', '-aq', ...filter], { log, mayFail: true });
  const networks = await run('docker', ['network', 'ls', '-q', ...filter], { log, mayFail: true });
  const lines = ({ stdout }) => stdout.split('\n').filter(Boolean);
  return { guards: lines(guards), networks: lines(networks) };
}

/**
 * Removes it all, after the containers of functions. The rules are the kernel's: a container on the host's network takes them away.
 * @param tag of the images
 */
export async function removeEgress(instanceId, { tag, log }) {
  const { guards, networks } = await findEgress(instanceId, log);
  if (guards.length === 0 && networks.length === 0) return;
  if (guards.length > 0) await run('docker', ['rm', '-f', ...guards], { log, mayFail: true });
  if (networks.length > 0) await run('docker', ['network', 'rm', ...networks], { log, mayFail: true });
  const table = `easyfaas_${instanceId.slice(0, 8)}`;
  const rights = ['--network', 'host', '--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN', '--read-only'];
  await run(
    'docker',
    ['run', '--rm', ...rights, '--user', '0:0', '--entrypoint', '/app/egress-guard', `easyfaas/funclet:${tag}`, 'remove', table],
    {
      log,
      mayFail: true,
      timeoutMs: 30_000,
    },
  );
}
