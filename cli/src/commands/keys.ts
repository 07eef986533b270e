import { InvalidArgumentError, type Command } from 'commander';
import { CliError } from '../cli-error';
import { formatTime } from '../format';
import { collect } from '../option-values';
import { laterOf, spanSeconds } from '../later';
import type { OpenSession } from '../program';

interface RateLimit {
  RequestsPerSecond: number;
  Burst: number;
}

interface Key {
  KeyId: string;
  AccountId: string;
  Scopes: string[];
  Functions?: string[];
  Description?: string;
  CreatedAt: string;
  ExpiresAt?: string;
  RateLimit?: RateLimit;
  PreviousValidUntil?: string;
  LastUsedAt?: string;
  Key?: string;
}

interface CreateOptions {
  account: string;
  scope?: string[];
  function?: string[];
  expires?: string;
  rate?: RateLimit;
  description?: string;
}

export function registerKeys(program: Command, open: OpenSession): void {
  const keys = program.command('keys').description('API keys of all accounts (needs the admin key)');

  keys
    .command('ls', { isDefault: true })
    .alias('list')
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
          { title: 'functions', value: ({ Functions }) => Functions?.join(', ') ?? 'all' },
          { title: 'rate', value: ({ RateLimit }) => (RateLimit === undefined ? '-' : `${RateLimit.RequestsPerSecond}/s`) },
          { title: 'expires', value: ({ ExpiresAt }) => (ExpiresAt === undefined ? 'never' : formatTime(ExpiresAt)) },
          { title: 'used', value: ({ LastUsedAt }) => (LastUsedAt === undefined ? '-' : formatTime(LastUsedAt)) },
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
    .option('--scope <scope>', 'admin, deploy, invoke, read, or an action such as function:invoke (repeatable, invoke)', collect)
    .option('--function <name>', 'only for this function, or for all that begin so: shop-* (repeatable, all)', collect)
    .option('--expires <time>', 'from then on it works no more: 12h, 30d, or a time such as 2030-01-31T12:00:00Z (never)')
    .option('--rate <limit>', 'most requests a second on each pod, with how many may come at once: 10 or 10:50', rateOf)
    .option('--description <text>')
    .action(async (options: CreateOptions, command: Command) => {
      const { output, api } = open(command);
      const { account, scope = ['invoke'], function: functions, expires, rate, description } = options;
      const body = {
        AccountId: account,
        Scopes: scope,
        ...(functions === undefined ? {} : { Functions: functions }),
        ...(expires === undefined ? {} : { ExpiresAt: new Date(laterOf(expires)).toISOString() }),
        ...(rate === undefined ? {} : { RateLimit: rate }),
        ...(description === undefined ? {} : { Description: description }),
      };
      const key = await api.json<Key>('/v1/keys', { method: 'POST', body });
      if (output.isLive) output.note(`Key ${key.KeyId} of account ${key.AccountId}, ${key.Scopes.join(', ')}. It cannot be read again:`);
      output.result(key, () => key.Key ?? '');
    });

  keys
    .command('rotate')
    .description('give a key a new secret, which is shown once; the one before goes on working for a while')
    .argument('<key-id>')
    .option('--grace <time>', 'for how long: 0s, 30m, 24h, 7d', '1h')
    .action(async (keyId: string, { grace }: { grace: string }, command: Command) => {
      const { output, api } = open(command);
      const body = { GraceSeconds: spanSeconds(grace) };
      const key = await api.json<Key>(`/v1/keys/${encodeURIComponent(keyId)}/rotate`, { method: 'POST', body });
      const until = key.PreviousValidUntil === undefined ? 'ended now' : `works until ${formatTime(key.PreviousValidUntil)}`;
      if (output.isLive) output.note(`The secret before ${until}. The new one cannot be read again:`);
      output.result(key, () => key.Key ?? '');
    });

  keys
    .command('aws')
    .description('the key in use as AWS clients want it: eval "$(easyfaas keys aws)"')
    .action((_options: object, command: Command) => {
      const { output, api, key } = open(command);
      const variables = awsVariables(key, api.url);
      output.result(variables, () =>
        Object.entries(variables)
          .map(([name, value]) => `export ${name}=${value}`)
          .join('\n'),
      );
    });

  keys
    .command('rm')
    .alias('revoke')
    .description('revoke a key')
    .argument('<key-id>')
    .action(async (keyId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      await api.send(`/v1/keys/${encodeURIComponent(keyId)}`, { method: 'DELETE' });
      output.result({ revoked: keyId }, () => `${output.colors.red('-')} ${keyId}  revoked`);
    });
}

/** Id and secret are the two parts of a key; any region will do. */
function awsVariables(key: string | undefined, url: string): Record<string, string> {
  const [, id = '', secret = ''] = /^(easyfaas_[a-z0-9]{8})_([A-Za-z0-9_-]{43})$/.exec(key ?? '') ?? [];
  if (id === '') throw new CliError('There is no key to show.', { remedy: 'Set EASYFAAS_KEY or --key-file.' });
  return { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_DEFAULT_REGION: 'us-east-1', AWS_ENDPOINT_URL_LAMBDA: url };
}

/** `10`, or `10:50` for ten a second and fifty at once. */
function rateOf(text: string): RateLimit {
  const [, rate = '', burst] = /^(\d{1,7}(?:\.\d)?)(?::(\d{1,7}))?$/.exec(text) ?? [];
  if (rate === '') throw new InvalidArgumentError('It must be requests a second such as 10, or with a burst 10:50.');
  return { RequestsPerSecond: Number(rate), Burst: burst === undefined ? Math.max(1, Math.ceil(Number(rate))) : Number(burst) };
}
