import { execFileSync } from 'node:child_process';
import { repositoryRoot } from '../support/repository';

const [command = 'docker', ...prefix] = (process.env['EASYFAAS_TEST_COMPOSE'] ?? 'docker compose').split(' ');

/** What Compose makes of files, as text. @throws with its words when it does not take them */
const configOf = (files: readonly string[], env: Record<string, string> = {}): string =>
  execFileSync(command, [...prefix, '-p', 'easyfaas-config', ...files.flatMap((file) => ['-f', file]), 'config'], {
    cwd: repositoryRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString();

describe('files for Compose and Swarm', () => {
  it('make of the second pod one whose controller has the first pod’s socket of Redis, and no other', () => {
    const config = configOf(['docker-compose.yml', 'docs/second-pod.compose.yml'], { FIRST_PROJECT: 'one' });
    const controller = /\n {2}controller:\n([^]*?)\n {2}[a-z]/.exec(config)?.[1] ?? '';
    expect(controller).toContain('first-redis-socket');
    expect(controller).not.toMatch(/(?<!first-)redis-socket/);
    expect(config).toContain('name: one_redis-socket');
  });

  it('are taken, the stack for Swarm with the name of each node in its pod’s address', () => {
    const config = configOf(['deploy/swarm/stack.yml'], { EASYFAAS_REDIS_URL: 'redis://node1:6379' });
    expect(config).toContain('http://{{.Node.Hostname}}:8090');
    expect(config).toContain('mode: global');
  });
});
