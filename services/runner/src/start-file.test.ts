import { execFileSync } from 'node:child_process';
import { runtimeEnvironment } from './runtime-environment';
import { startFile } from './start-file';

const manifest = {
  command: '/usr/bin/env',
  args: [] as string[],
  env: { QUOTED: `it's "$HOME" \\n`, PATH: '/usr/bin:/bin', EASYFAAS_TOKEN: 'forged' },
};
const text = (of: object): string => `${JSON.stringify(of, undefined, 2)}\n`;

/** Runs what a launcher with this start file would do. */
function shell(start: string, script: string, env: Record<string, string> = {}): string {
  return execFileSync('/bin/sh', ['-c', `${start}${script}`], { env: { PATH: '/usr/bin:/bin', ...env } }).toString();
}

describe('startFile', () => {
  it('starts the process with the environment that the supervisor would give it', () => {
    const container = { HOME: '/home', SECRET: 's', EASYFAAS_TOKEN: 'a token', PATH: '/usr/bin:/bin' };
    const lines = shell(startFile(text(manifest)), 'start_runtime', container)
      .trim()
      .split('\n');
    const environment = Object.entries(runtimeEnvironment(container, manifest, {})).map(([name, value]) => `${name}=${value}`);
    expect(lines.sort()).toEqual(environment.sort());
  });

  it('hands over arguments as they are', () => {
    const args = ['%s|', '--a=1', `it's`, '$HOME', 'two words', '-d'];
    expect(shell(startFile(text({ command: '/usr/bin/printf', args })), 'start_runtime')).toBe(`--a=1|it's|$HOME|two words|-d|`);
  });

  it('says which manifest it was made of, as the launcher reads it', () => {
    const own = text({ ...manifest, handlerPattern: '^(?!.*\\.\\.)\\w+$' });
    const read = `while IFS= read -r line; do found=$found$line; done <<'END'\n${own}END\n[ "$manifest" = "$found" ] && echo same`;
    expect(shell(startFile(own), read)).toBe('same\n');
  });
});
