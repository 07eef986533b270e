import type { Command } from 'commander';
import type { Finding } from '../doctor/check';
import { checkEngine } from '../doctor/engine-checks';
import { checkMachine } from '../doctor/machine-checks';
import { EXIT } from '../exit-codes';
import type { Output } from '../output';
import type { OpenSession } from '../program';

const DEFAULT_DATA_DIR = '/var/lib/easyfaas';

export function registerDoctor(program: Command, open: OpenSession): void {
  program
    .command('doctor')
    .description('look at EasyFaaS and this machine, and say how to mend what is wrong')
    .option('--data-dir <path>', `data directory of the stack on this machine (${DEFAULT_DATA_DIR})`)
    .action(async (options: { dataDir?: string }, command: Command) => {
      const { output, api, io, endWith } = open(command);
      const dataDir = options.dataDir ?? io.env['EASYFAAS_DATA_DIR'] ?? DEFAULT_DATA_DIR;
      const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(api.url).hostname);
      const machine = isHere && process.platform === 'linux' ? await checkMachine(dataDir) : [];
      const findings = [...machine, ...(await checkEngine(api))];
      output.result(findings, () => findings.map((finding) => line(finding, output)).join('\n'));
      if (findings.some(({ state }) => state === 'bad')) endWith(EXIT.unavailable);
    });
}

function line({ what, state, seen, remedy }: Finding, { colors, foreign }: Output): string {
  const marks = { good: colors.green('✓'), doubtful: colors.yellow('!'), bad: colors.red('✗'), 'not looked at': colors.dim('-') };
  return `${marks[state]} ${what.padEnd(16)} ${foreign(seen)}${remedy === undefined ? '' : `\n    ${remedy}`}`;
}
