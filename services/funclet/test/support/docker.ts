import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Of this run of this file: everything made carries it. */
export const TEST_RUN = `funclet-${randomBytes(4).toString('hex')}`;

const isRoot = process.geteuid?.() === 0;
const hasDocker = isRoot && spawnSync('docker', ['info']).status === 0;
if (!hasDocker && process.env['REQUIRE_DOCKER'] === '1')
  throw new Error('REQUIRE_DOCKER=1, but Docker does not answer or this is not root.');
if (!hasDocker) process.stderr.write('SKIPPED: no Docker, or not root\n');

/** `describe` that is skipped, loudly, where there is no Docker; with REQUIRE_DOCKER=1 the file fails instead. */
export const describeWithDocker = hasDocker ? describe : describe.skip;

/** Runs the docker command. @returns standard output, trimmed */
export async function docker(...args: string[]): Promise<string> {
  return (await run('docker', args, { maxBuffer: 16 * 1024 * 1024 })).stdout.trim();
}

/** Runs a command in a container. @returns both outputs and the exit code; never throws for the latter */
export async function execIn(dockerId: string, user: string, ...command: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile('docker', ['exec', '-u', user, dockerId, ...command], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, output: `${stdout}${stderr}`.trim() });
    });
  });
}

/** An image of a runtime that this host has, with any tag; undefined when there is none. */
export function localImage(...repositories: string[]): string | undefined {
  for (const repository of repositories) {
    const id = execFileSync('docker', ['images', '-q', '--no-trunc', repository], { encoding: 'utf8' }).split('\n')[0];
    if (id !== undefined && id !== '') return id;
  }
  return undefined;
}

/** A name of this run's own: the same test of another checkout on the machine makes another image. */
export const testImage = (name: string): string => `easyfaas/${name}-${TEST_RUN}`;

/** An image whose runner merely stays: no controller is needed for a container of it. Hostile on purpose: root, and a volume. */
export async function makeStayingImage(name: string, base: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'easyfaas-image-'));
  const container = await docker('create', '--label', `easyfaas.test-run=${TEST_RUN}`, '--entrypoint', '/bin/true', base);
  try {
    mkdirSync(join(directory, 'easyfaas'));
    writeFileSync(join(directory, 'easyfaas/runner'), "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 1 & wait $!; done\n", {
      mode: 0o755,
    });
    await docker('cp', `${directory}/easyfaas`, `${container}:/opt`);
    await docker('commit', '--change', 'USER 0', '--change', 'VOLUME /data', container, `${name}:latest`);
  } finally {
    await docker('rm', container);
    rmSync(directory, { recursive: true });
  }
}

/** Removes what is left of this run. @returns ids of containers that should not have been left */
export async function removeLeftovers(): Promise<string[]> {
  const left = (await docker('ps', '-aq', '--filter', `label=easyfaas.test-run=${TEST_RUN}`)).split('\n').filter((id) => id !== '');
  for (const id of left) await docker('rm', '-f', '-v', id);
  return left;
}
