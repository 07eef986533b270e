import type { Command } from 'commander';
import { formatTime } from '../format';
import { collect } from '../option-values';
import type { OpenSession } from '../program';

interface Key {
  KeyId: string;
  AccountId: string;
  Scopes: string[];
  Description?: string;
  CreatedAt: string;
  Key?: string;
}

export function registerKeys(program: Command, open: OpenSession): void {
  const keys = program.command('keys').description('API keys of all accounts (needs the admin key)');

  keys
    .command('ls', { isDefault: true })
    .description('all keys, without their secrets')
    .action(async (_options: object, command: Command) => {
      const { output, api } = open(command);
      const { Keys } = await api.json<{ Keys: Key[] }>('/v1/keys');
      output.table(
        Keys,
        [
          { title: 'id', value: ({ KeyId }) => KeyId },
          { title: 'account', value: ({ AccountId }) => AccountId },
          { title: 'scopes', value: ({ Scopes }) => Scopes.join(', ') },
          { title: 'created', value: ({ CreatedAt }) => formatTime(CreatedAt) },
          { title: 'description', value: ({ Description }) => Description },
        ],
        'There are no keys.',
      );
    });

  keys
    .command('create')
    .description('make a key; it is shown once')
    .requiredOption('--account <id>', 'whose functions it is for')
    .option('--scope <scope>', 'admin, deploy, invoke or read (repeatable, invoke)', collect)
    .option('--description <text>')
    .action(async (options: { account: string; scope?: string[]; description?: string }, command: Command) => {
      const { output, api } = open(command);
      const { account, scope = ['invoke'], description } = options;
      const body = { AccountId: account, Scopes: scope, ...(description === undefined ? {} : { Description: description }) };
      const key = await api.json<Key>('/v1/keys', { method: 'POST', body });
      if (output.isLive) output.note(`Key ${key.KeyId} of account ${key.AccountId}, ${key.Scopes.join(', ')}. It cannot be read again:`);
      output.result(key, () => key.Key ?? '');
    });

  keys
    .command('rm')
    .description('revoke a key')
    .argument('<key-id>')
    .action(async (keyId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      await api.send(`/v1/keys/${encodeURIComponent(keyId)}`, { method: 'DELETE' });
      output.result({ revoked: keyId }, () => `${output.colors.red('-')} ${keyId}  revoked`);
    });
}
