import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { CliError } from '../cli-error';
import { pathOf } from '../deploy/deploy-function';
import { formatTime } from '../format';
import type { OpenSession } from '../program';

/** `secrets`: environment variables whose values are written and never read. */
export function registerSecrets(program: Command, open: OpenSession): void {
  const secrets = program.command('secrets').description('variables of a function whose values cannot be read again');

  secrets
    .command('ls', { isDefault: true })
    .description('names, and when they were set')
    .argument('<function>')
    .action(async (name: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      const { Secrets } = await api.json<{ Secrets: { Name: string; LastModified: string }[] }>(`${pathOf(name)}/secrets`);
      output.table(
        Secrets,
        [
          { title: 'name', value: ({ Name }) => Name, paint: output.colors.bold },
          { title: 'set', value: ({ LastModified }) => formatTime(LastModified) },
        ],
        'The function has no secrets.',
      );
    });

  secrets
    .command('set')
    .description('set one; the value comes from standard input, so that it stands in no list of processes')
    .argument('<function>')
    .argument('<NAME>')
    .addHelpText('after', '\nExample:\n  printf %s "$TOKEN" | easyfaas secrets set report API_TOKEN')
    .action(async (name: string, secret: string, _options: object, command: Command) => {
      const { output, api, io } = open(command);
      if (io.stdin.isTTY === true)
        throw new CliError('The value is read from standard input.', {
          remedy: `printf %s "$VALUE" | easyfaas secrets set ${name} ${secret}`,
        });
      // One newline at the end is the shell's, not the secret's.
      const value = (await buffer(io.stdin)).toString('utf8').replace(/\r?\n$/, '');
      const answer = await api.json<object>(secretPath(name, secret), { method: 'PUT', body: { Value: value } });
      output.result(answer, () => `${output.colors.green('+')} ${secret} of ${name}; new calls get it`);
    });

  secrets
    .command('rm')
    .description('delete one')
    .argument('<function>')
    .argument('<NAME>')
    .action(async (name: string, secret: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      await api.send(secretPath(name, secret), { method: 'DELETE' });
      output.result({ deleted: secret }, () => `${output.colors.red('-')} ${secret} of ${name}`);
    });
}

const secretPath = (name: string, secret: string): string => `${pathOf(name)}/secrets/${encodeURIComponent(secret)}`;
