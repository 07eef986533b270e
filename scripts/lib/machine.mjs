// Facts about this machine, and its package manager.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand, run } from './run.mjs';
import { Failure } from './terminal.mjs';

export const NODE_MAJOR_MIN = 20;

/** Refuses machines that cannot work, before anything is changed. */
export function checkMachine() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR_MIN) {
    throw new Failure(`Node.js ${process.versions.node} is too old.`, {
      why: `EasyFaaS needs Node.js ${NODE_MAJOR_MIN} or newer.`,
      remedy: `Install Node.js ${NODE_MAJOR_MIN} or newer and run this again.`,
    });
  }
  if (process.platform !== 'linux') {
    throw new Failure(`This runs on Linux only; this machine is ${process.platform}.`, {
      why: 'Code is mounted into running containers and limits are written to cgroups; both need the Linux host itself.',
      remedy: 'Use a Linux machine or a Linux virtual machine (on Windows: WSL 2).',
    });
  }
}

export const isRoot = () => process.getuid?.() === 0;

export const hasSystemd = () => existsSync('/run/systemd/system');

/** /etc/os-release as an object: ID, ID_LIKE, VERSION_CODENAME... */
export function readOsRelease() {
  if (!existsSync('/etc/os-release')) return {};
  const lines = readFileSync('/etc/os-release', 'utf8').split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).replaceAll('"', '')]),
  );
}

/** Debian or a descendant, with its package manager. */
export const hasApt = () => Boolean(findCommand('apt-get'));

/** Installs Debian packages without asking; fails with the command to run by hand. */
export async function aptInstall(packages, { log, say }) {
  const byHand = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!hasApt())
    throw new Failure(`${packages.join(', ')} is missing.`, {
      why: 'This machine has no apt-get, so it cannot be installed from here.',
      remedy: `Install ${packages.join(' and ')} with your package manager and run this again.`,
    });
  if (!isRoot())
    throw new Failure(`${packages.join(', ')} is missing.`, {
      why: 'Installing packages needs root.',
      remedy: `sudo sh -c '${byHand}'\nand run this again.`,
    });
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  say?.(`installing ${packages.join(', ')} (apt-get)`);
  await run('apt-get', ['-q', 'update'], { log, env, mayFail: true });
  await run('apt-get', ['-q', 'install', '-y', '--no-install-recommends', ...packages], {
    log,
    env,
    remedy: `Run it by hand to see more: ${byHand}`,
  });
}

/**
 * The package archives that this machine itself uses for its own release: no archive's address is written in this repository.
 * @returns {{uri: string, suite: string, components: string[], signedBy?: string}[]}
 */
export function readAptArchives(root = '/etc/apt') {
  const archives = [];
  const files = [
    'sources.list',
    ...(existsSync(join(root, 'sources.list.d'))
      ? readdirSync(join(root, 'sources.list.d')).map((name) => join('sources.list.d', name))
      : []),
  ];
  for (const file of files) {
    const path = join(root, file);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    archives.push(...(file.endsWith('.sources') ? parseDeb822(text) : file.endsWith('.list') ? parseOneLine(text) : []));
  }
  return archives;
}

function parseDeb822(text) {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = {};
    for (const line of stanza.split('\n')) {
      const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (match) fields[match[1].toLowerCase()] = match[2].trim();
    }
    if (!fields.uris || !fields.suites || !/\bdeb\b/.test(fields.types ?? '') || fields.enabled === 'no') return [];
    const words = (value) => (value ?? '').split(/\s+/).filter(Boolean);
    return words(fields.uris).flatMap((uri) =>
      words(fields.suites).map((suite) => ({ uri, suite, components: words(fields.components), signedBy: fields['signed-by'] })),
    );
  });
}

function parseOneLine(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim());
    if (!match) return [];
    const signedBy = /signed-by=(\S+)/.exec(match[1] ?? '')?.[1];
    return [{ uri: match[2], suite: match[3], components: match[4].split(/\s+/), signedBy }];
  });
}
