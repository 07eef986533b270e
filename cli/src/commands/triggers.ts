import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { RedriveTriggerAnswer, TriggerView } from '@easyfaas/contracts/wire';
import { CliError } from '../cli-error';
import { pathOf } from '../deploy/deploy-function';
import { collect } from '../option-values';
import type { OpenSession } from '../program';
import { readYaml } from '../read-yaml';

interface CreateOptions {
  name?: string;
  qualifier?: string;
  set?: string[];
  secret?: string[];
  config?: string;
}

interface DeadMessage {
  DeadLetterId: string;
  At: string;
  MessageId: string;
  Reason: string;
}

/** `triggers`: what calls a function besides people. */
export function registerTriggers(program: Command, open: OpenSession): void {
  const triggers = program.command('triggers').description('what calls functions: schedules, queues, streams, web requests, brokers');

  triggers
    .command('ls', { isDefault: true })
    .description('all of this account, or of one function')
    .argument('[function]')
    .action(async (name: string | undefined, _options: object, command: Command) => {
      const { output, api } = open(command);
      const path = name === undefined ? '/v1/triggers' : `${pathOf(name)}/triggers`;
      const all: TriggerView[] = [];
      const pages = api.pages<TriggerView>(path, { items: 'Triggers', marker: 'marker', next: 'NextMarker', query: { maxItems: 100 } });
      for await (const each of pages) all.push(each);
      output.table(
        all,
        [
          { title: 'id', value: ({ TriggerId }) => TriggerId },
          { title: 'name', value: ({ Name }) => Name, paint: output.colors.bold },
          { title: 'source', value: ({ Source }) => Source },
          {
            title: 'function',
            value: ({ FunctionName, Qualifier }) => (Qualifier === '$LATEST' ? FunctionName : `${FunctionName}:${Qualifier}`),
          },
          {
            title: 'state',
            value: ({ State, StateReason }) => (StateReason === undefined ? State : `${State}: ${StateReason}`),
            paint: (text, { State }) => (State === 'active' ? output.colors.green(text) : output.colors.yellow(text)),
          },
          { title: 'accepted', value: ({ Counters }) => Counters.Accepted, align: 'right' },
          { title: 'failed', value: ({ Counters }) => Counters.Failed, align: 'right' },
        ],
        'There are no triggers. `easyfaas triggers create --help` shows how to make one.',
      );
    });

  triggers
    .command('create')
    .description('have a function called by a source')
    .argument('<source>', 'cron, http, webhook, queue, redis-stream, mqtt, cloudevents')
    .argument('<function>')
    .option('--name <name>')
    .option('-q, --qualifier <version>', 'version or alias to call ($LATEST)')
    .option('-s, --set <Member=value>', 'of its configuration; numbers, true, lists and objects as in YAML (repeatable)', collect)
    .option('--config <file>', 'its configuration from a YAML or JSON file')
    .option('--secret <Name=value>', 'write-only, such as a signing secret (repeatable)', collect)
    .addHelpText(
      'after',
      `\nExamples:\n  easyfaas triggers create cron report -s 'Schedule="0 7 * * 1-5"' -s TimeZone=Europe/Berlin\n  easyfaas triggers create cron ping -s 'Schedule="rate(5 minutes)"'`,
    )
    .action(async (source: string, name: string, options: CreateOptions, command: Command) => {
      const { output, api, io } = open(command);
      const body = {
        Source: source,
        FunctionName: name,
        ...(options.name === undefined ? {} : { Name: options.name }),
        ...(options.qualifier === undefined ? {} : { Qualifier: options.qualifier }),
        Configuration: {
          ...(options.config === undefined ? {} : readConfiguration(resolve(io.cwd(), options.config))),
          ...members(options.set, true),
        },
        ...(options.secret === undefined ? {} : { Secrets: members(options.secret, false) }),
      };
      const made = await api.json<TriggerView>('/v1/triggers', { method: 'POST', body });
      output.result(
        made,
        () => `${output.colors.green('+')} ${made.TriggerId}  ${made.Source} calls ${made.FunctionName}\n${details(made)}`,
      );
    });

  triggers
    .command('show')
    .description('one of them: its configuration, counters, last error and what comes next')
    .argument('<trigger-id>')
    .action(async (triggerId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      const trigger = await api.json<TriggerView>(triggerPath(triggerId));
      output.result(trigger, () => output.foreign(JSON.stringify(trigger, null, 2)));
    });

  for (const verb of ['pause', 'resume'] as const) {
    triggers
      .command(verb)
      .description(verb === 'pause' ? 'let nothing in until it is resumed' : 'go on')
      .argument('<trigger-id>')
      .action(async (triggerId: string, _options: object, command: Command) => {
        const { output, api } = open(command);
        const trigger = await api.json<TriggerView>(`${triggerPath(triggerId)}/${verb}`, { method: 'POST' });
        output.result(trigger, () => `${trigger.TriggerId}  ${trigger.State}`);
      });
  }

  triggers
    .command('dead-letters')
    .description('messages that never became events: not readable, too large, tried too often')
    .argument('<trigger-id>')
    .action(async (triggerId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      const all: DeadMessage[] = [];
      const pages = api.pages<DeadMessage>(`${triggerPath(triggerId)}/dead-letters`, {
        items: 'DeadLetters',
        marker: 'marker',
        next: 'NextMarker',
        query: { maxItems: 100 },
      });
      for await (const each of pages) all.push(each);
      output.table(
        all,
        [
          { title: 'id', value: ({ DeadLetterId }) => DeadLetterId },
          { title: 'at', value: ({ At }) => At },
          { title: 'message', value: ({ MessageId }) => MessageId },
          { title: 'reason', value: ({ Reason }) => Reason },
        ],
        'There are none.',
      );
    });

  triggers
    .command('redrive')
    .description("hand a trigger's dead letters to its function after all, as they are kept")
    .argument('<trigger-id>')
    .argument('[dead-letter-id...]')
    .option('--all', 'all that are kept')
    .action(async (triggerId: string, deadLetterIds: string[], { all }: { all?: boolean }, command: Command) => {
      const { output, api } = open(command);
      if ((deadLetterIds.length === 0) !== (all === true)) throw new CliError('Say which dead letters, or --all.');
      const sum: RedriveTriggerAnswer = { Redriven: [], Refused: [], HasMore: true };
      while (sum.HasMore) {
        const body = all === true ? { All: true } : { DeadLetterIds: deadLetterIds };
        const answer = await api.json<RedriveTriggerAnswer>(`${triggerPath(triggerId)}/dead-letters/redrive`, { method: 'POST', body });
        sum.Redriven.push(...answer.Redriven);
        sum.Refused = answer.Refused;
        sum.HasMore = answer.HasMore;
      }
      output.result(sum, () =>
        [
          ...sum.Redriven.map(({ DeadLetterId, InvocationId }) => `${DeadLetterId}  ${InvocationId}`),
          ...sum.Refused.map(({ DeadLetterId, Message }) => `${DeadLetterId}  ${output.foreign(Message)}`),
        ].join('\n'),
      );
    });

  triggers
    .command('rm')
    .description('delete a trigger')
    .argument('<trigger-id>')
    .action(async (triggerId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      await api.send(triggerPath(triggerId), { method: 'DELETE' });
      output.result({ deleted: triggerId }, () => `${output.colors.red('-')} ${triggerId}  deleted`);
    });
}

const triggerPath = (triggerId: string): string => `/v1/triggers/${encodeURIComponent(triggerId)}`;

/** What the source says of itself: where it listens, when it fires next. */
const details = ({ Details }: TriggerView): string => (Object.keys(Details).length === 0 ? '' : JSON.stringify(Details, null, 2));

/** `Name=value` each. @param isYaml values may be more than text */
function members(pairs: readonly string[] = [], isYaml: boolean): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new CliError(`"${pair}" is not of the form Name=value.`);
      const value = pair.slice(at + 1);
      return [pair.slice(0, at), isYaml ? readYaml(value, pair) : value];
    }),
  );
}

function readConfiguration(path: string): Record<string, unknown> {
  try {
    return readYaml(readFileSync(path, 'utf8'), path) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError(`${path} cannot be read.`, { cause });
  }
}
