// Finds Docker Engine, and where there is none installs or starts it.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { aptInstall, hasSystemd, isRoot } from './machine.mjs';
import { findCommand, run, until } from './run.mjs';
import { Failure } from './terminal.mjs';

const DAEMON_LOG = '/var/log/easyfaas-dockerd.log';
const DAEMON_PID = '/run/easyfaas-dockerd.pid';
const START_TIMEOUT_MS = 60_000;

/** Asks the engine for its version: `{version}` or `{refusal}` with its words. */
async function askEngine(log) {
  const answer = await run('docker', ['version', '--format', '{{.Server.Version}}'], { log, mayFail: true, timeoutMs: 15_000 });
  return answer.code === 0 ? { version: answer.stdout.trim() } : { refusal: answer.stderr.trim() || 'no answer within 15 s' };
}

/**
 * Makes sure that an engine answers.
 * @returns {Promise<{version: string, action: 'found' | 'started' | 'installed'}>}
 */
export async function ensureEngine({ log, say }) {
  let action = 'found';
  let answer = findCommand('docker') ? await askEngine(log) : { refusal: 'the docker command is missing' };
  if (answer.version) return { version: answer.version, action };

  if (process.env.DOCKER_HOST) {
    throw new Failure('Docker Engine does not answer.', {
      why: `DOCKER_HOST is ${process.env.DOCKER_HOST}; ${answer.refusal}`,
      remedy:
        'Start that engine, or unset DOCKER_HOST to use the one of this machine. It has to be on this machine: code is mounted into its containers.',
    });
  }
  if (/permission denied/i.test(answer.refusal)) {
    throw new Failure('This user may not use Docker.', {
      why: answer.refusal,
      remedy: 'sudo usermod -aG docker "$USER", log in again, and run this again; or run it with sudo.',
    });
  }
  if (!findCommand('docker') || !findCommand('dockerd')) {
    await aptInstall(['docker.io', 'iptables'], { log, say });
    action = 'installed';
    answer = await askEngine(log);
    if (answer.version) return { version: answer.version, action };
  }
  if (!isRoot()) {
    throw new Failure('Docker Engine is installed but does not run.', {
      why: answer.refusal,
      remedy: 'sudo systemctl start docker, then run this again.',
    });
  }
  if (hasSystemd()) {
    say('starting it (systemctl start docker)');
    await run('systemctl', ['start', 'docker'], { log, remedy: 'journalctl -u docker shows why it does not start.' });
  } else {
    say('starting dockerd (no init system here does it)');
    startDaemon();
  }
  answer = (await until(async () => found(await askEngine(log)) ?? daemonDied(), { withinMs: START_TIMEOUT_MS, everyMs: 500 })) ?? {
    refusal: 'no answer',
  };
  if (!answer.version) {
    const tail = existsSync(DAEMON_LOG) ? readFileSync(DAEMON_LOG, 'utf8').trimEnd().split('\n').slice(-8).join('\n') : answer.refusal;
    throw new Failure(`Docker Engine did not start within ${START_TIMEOUT_MS / 1000} s.`, {
      why: tail,
      remedy: `Read ${DAEMON_LOG}, remove the cause, and run this again.`,
    });
  }
  return { version: answer.version, action: action === 'installed' ? action : 'started' };
}

const found = (answer) => (answer.version ? answer : undefined);

/** Runs dockerd on its own, beyond the end of this process. */
function startDaemon() {
  mkdirSync(dirname(DAEMON_LOG), { recursive: true });
  const output = openSync(DAEMON_LOG, 'w');
  const child = spawn(findCommand('dockerd'), [], { detached: true, stdio: ['ignore', output, output] });
  child.on('error', () => rmSync(DAEMON_PID, { force: true }));
  closeSync(output);
  writeFileSync(DAEMON_PID, `${child.pid}\n`);
  child.unref();
}

function daemonDied() {
  const processId = startedDaemonPid();
  return processId === undefined && existsSync(DAEMON_PID) ? { refusal: 'dockerd ended at once' } : undefined;
}

/** Process id of the dockerd that `startDaemon` made, when it still runs. */
export function startedDaemonPid() {
  if (!existsSync(DAEMON_PID)) return undefined;
  const processId = Number(readFileSync(DAEMON_PID, 'utf8'));
  const path = `/proc/${processId}/cmdline`;
  return processId > 0 && existsSync(path) && readFileSync(path, 'utf8').includes('dockerd') ? processId : undefined;
}

/** Ends the dockerd that `startDaemon` made; one that was there before is never touched. */
export async function stopStartedEngine() {
  const processId = startedDaemonPid();
  if (processId !== undefined) {
    process.kill(processId, 'SIGTERM');
    await until(() => startedDaemonPid() === undefined, { withinMs: 30_000 });
  }
  rmSync(DAEMON_PID, { force: true });
  return processId;
}
