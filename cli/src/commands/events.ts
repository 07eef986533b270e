import type { Command } from 'commander';
import { CliError } from '../cli-error';
import { pathOf } from '../deploy/deploy-function';
import { formatTime } from '../format';
import { collect, wholeNumber } from '../option-values';
import type { OpenSession } from '../program';
import { readSamples } from '../samples';
import { sinceOf } from '../since';

interface DeadLetter {
  requestId: string;
  status: string;
  condition?: string;
  errorType?: string;
  errorMessage?: string;
  attemptCount: number;
  endedAt?: string;
  redrivenAs?: string;
}

interface Choice {
  id?: string[];
  condition?: string;
  errorType?: string;
  since?: string;
  all?: boolean;
  kind?: string;
}

/** `replay`, `cancel`, `dead-letters`, `redrive`, `queue`: what becomes of asynchronous calls. */
export function registerEvents(program: Command, open: OpenSession): void {
  program
    .command('replay')
    .description('run an event, or a call whose payload is kept, once more, as a new event')
    .argument('<request-id>')
    .option('-q, --qualifier <version>', 'another version or alias than it was for')
    .action(async (requestId: string, { qualifier }: { qualifier?: string }, command: Command) => {
      const { output, api } = open(command);
      const body = qualifier === undefined ? {} : { Qualifier: qualifier };
      const path = `/v1/invocations/${encodeURIComponent(requestId)}/replay`;
      const answer = await api.json<{ requestId: string }>(path, { method: 'POST', body });
      output.result(answer, () => answer.requestId);
    });

  program
    .command('cancel')
    .description('take a queued event back, or stop a running one')
    .argument('<request-id>')
    .action(async (requestId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      const path = `/v1/invocations/${encodeURIComponent(requestId)}`;
      const answer = await api.json<{ requestId: string; status: string }>(path, { method: 'DELETE' });
      output.result(answer, () => `${answer.requestId}  ${answer.status}`);
    });

  registerDeadLetters(program, open);
  registerQueue(program, open);
}

function registerDeadLetters(program: Command, open: OpenSession): void {
  const deadLetters = program.command('dead-letters').description('events that failed for good');

  deadLetters
    .command('ls', { isDefault: true })
    .description('newest first')
    .argument('<function>')
    .option('--limit <count>', 'at most so many', wholeNumber, 20)
    .option('--kind <kind>', 'event, or delivery to a destination (event)')
    .action(async (name: string, { limit, kind }: { limit: number; kind?: string }, command: Command) => {
      const { output, api } = open(command);
      const page = await api.json<{ deadLetters: DeadLetter[] }>(`${pathOf(name)}/dead-letters`, { query: { limit, kind } });
      output.table(
        page.deadLetters,
        [
          { title: 'ended', value: ({ endedAt }) => (endedAt === undefined ? undefined : formatTime(endedAt)) },
          { title: 'why', value: ({ condition, status }) => condition ?? status },
          { title: 'attempts', value: ({ attemptCount }) => attemptCount, align: 'right' },
          {
            title: 'error',
            value: ({ errorType, errorMessage }) => [errorType, errorMessage?.slice(0, 60)].filter(Boolean).join(': ') || undefined,
          },
          { title: 'request id', value: ({ requestId }) => requestId },
          { title: 'redriven as', value: ({ redrivenAs }) => redrivenAs },
        ],
        'No event of this function failed for good.',
      );
    });

  deadLetters
    .command('show')
    .description('one of them, with its payload, attempts and log')
    .argument('<function>')
    .argument('<request-id>')
    .action(async (name: string, requestId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      const letter = await api.json<DeadLetter>(`${pathOf(name)}/dead-letters/${encodeURIComponent(requestId)}`);
      output.result(letter, () => output.foreign(JSON.stringify(letter, null, 2)));
    });

  withChoice(deadLetters.command('purge').description('forget dead letters').argument('<function>')).action(
    async (name: string, choice: Choice, command: Command) => {
      const { output, api } = open(command);
      const { id, ...wanted } = chosen(choice);
      if (id !== undefined)
        throw new CliError('purge goes by --condition, --error-type, --since or --all.', {
          remedy: 'One of them: easyfaas dead-letters rm <function> <request-id>.',
        });
      const answer = await api.json<object>(`${pathOf(name)}/dead-letters`, {
        method: 'DELETE',
        query: { ...wanted, all: wanted.all === true ? 'true' : undefined },
      });
      output.result(answer, () => JSON.stringify(answer));
    },
  );

  deadLetters
    .command('rm')
    .description('forget one of them')
    .argument('<function>')
    .argument('<request-id>')
    .action(async (name: string, requestId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      await api.send(`${pathOf(name)}/dead-letters/${encodeURIComponent(requestId)}`, { method: 'DELETE' });
      output.result({ deleted: requestId }, () => `${output.colors.red('-')} ${requestId}  deleted`);
    });

  withChoice(program.command('redrive').description('queue dead letters once more').argument('<function>'))
    .option('--id <request-id>', 'this one (repeatable)', collect)
    .option('--force', 'also what was redriven before or has succeeded')
    .action(async (name: string, { force, ...choice }: Choice & { force?: boolean }, command: Command) => {
      const { output, api } = open(command);
      const { id, ...wanted } = chosen(choice);
      const body = { ...wanted, ...(id === undefined ? {} : { requestIds: id }), ...(force === true ? { force } : {}) };
      const answer = await api.json<object>(`${pathOf(name)}/dead-letters/redrive`, { method: 'POST', body });
      output.result(answer, () => output.foreign(JSON.stringify(answer, null, 2)));
    });
}

function withChoice(command: Command): Command {
  return command
    .option('--condition <condition>', 'why they failed, such as RetriesExhausted')
    .option('--error-type <type>', 'of the last attempt')
    .option('--since <time>', 'such as 10m, 2h, 1d, or an ISO time')
    .option('--all', 'every one of the function')
    .option('--kind <kind>', 'event, or delivery to a destination (event)');
}

/** Only what was given, in the words of the API. */
function chosen({ id, condition, errorType, since, all, kind }: Choice): Choice {
  const sinceMs = sinceOf(since);
  return {
    ...(id === undefined ? {} : { id }),
    ...(condition === undefined ? {} : { condition }),
    ...(errorType === undefined ? {} : { errorType }),
    ...(sinceMs === undefined ? {} : { since: new Date(sinceMs).toISOString() }),
    ...(all === true ? { all } : {}),
    ...(kind === undefined ? {} : { kind }),
  };
}

function registerQueue(program: Command, open: OpenSession): void {
  program
    .command('queue')
    .description('how many events wait, run and have ended, over all functions (needs the admin key)')
    .action(async (_options: object, command: Command) => {
      const { output, api } = open(command);
      const { bytes } = await api.send('/metrics');
      const samples = readSamples(bytes.toString('utf8')).filter(({ name }) =>
        /^easyfaas_(queue|events|event_consumer|duplicate|deliveries)/.test(name),
      );
      output.table(
        samples,
        [
          { title: 'figure', value: ({ name }) => name },
          { title: 'of', value: ({ labels }) => labels || undefined },
          { title: 'value', value: ({ value }) => value, align: 'right' },
        ],
        'There are no figures of the queue.',
      );
    });
}
