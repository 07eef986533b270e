import type { Command } from 'commander';
import type { InvocationRecord, InvocationStages } from '@easyfaas/contracts/wire';
import type { ApiClient } from '../api-client';
import { formatTime } from '../format';
import { wholeNumber } from '../option-values';
import type { Output } from '../output';
import type { OpenSession } from '../program';
import { sinceOf } from '../since';

/** A finished call, or an event in any state, which may have no stages yet. */
type Invocation = Omit<InvocationRecord, 'status' | 'stages'> & { status: string; stages?: InvocationStages };

interface ListOptions {
  function?: string;
  status?: string;
  since?: string;
  limit: number;
}

/** `invocations`, `logs`. */
export function registerInvocations(program: Command, open: OpenSession): void {
  const invocations = program.command('invocations').description('what was called, and how it went');

  invocations
    .command('ls', { isDefault: true })
    .description('newest first')
    .option('--function <name>')
    .option('--status <status>', 'succeeded, failed, throttled, error; of events also accepted, running, expired, cancelled')
    .option('--since <time>', 'such as 10m, 2h, 1d, or an ISO time')
    .option('--limit <count>', 'at most so many', wholeNumber, 20)
    .action(async (options: ListOptions, command: Command) => {
      const { output, api } = open(command);
      const { invocations: records } = await api.json<{ invocations: Invocation[] }>('/v1/invocations', {
        query: { function: options.function, status: options.status, since: sinceOf(options.since), limit: options.limit },
      });
      output.table(
        records,
        [
          { title: 'started', value: ({ startedAt }) => formatTime(startedAt) },
          { title: 'function', value: ({ functionName }) => functionName },
          {
            title: 'status',
            value: ({ status, errorType }) => (errorType === undefined ? status : `${status} ${errorType}`),
            paint: (text, { status }) => paintOf(status, output.colors)(text),
          },
          { title: 'start', value: ({ start, coldReason }) => (coldReason === undefined ? start : `cold (${coldReason})`) },
          { title: 'ms', value: ({ stages }) => stages?.totalMs.toFixed(1), align: 'right' },
          { title: 'mb', value: ({ maxMemoryMb }) => maxMemoryMb?.toFixed(0), align: 'right' },
          { title: 'by', value: ({ keyId, source = 'api' }) => (source === 'api' ? keyId : source) },
          { title: 'request id', value: ({ requestId }) => requestId },
        ],
        'No invocations are kept that fit.',
      );
    });

  invocations
    .command('show')
    .description('one of them, with its log')
    .argument('<request-id>')
    .action(async (requestId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      const record = await api.json<Invocation>(`/v1/invocations/${encodeURIComponent(requestId)}`);
      output.result(record, () => {
        const { logTail, ...facts } = record;
        const log = logTail === undefined ? '' : `\n\n${output.colors.dim(output.foreign(logTail.trimEnd()))}`;
        return output.foreign(JSON.stringify(facts, null, 2)) + log;
      });
    });

  program
    .command('logs')
    .description('what a function printed: the last 4 KiB of each call')
    .argument('<function>')
    .option('-f, --follow', 'go on with new calls until Ctrl-C')
    .option('-n, --tail <calls>', 'begin with so many earlier calls', wholeNumber, 10)
    .option('--since <time>', 'such as 10m, 2h, 1d, or an ISO time')
    .action(async (name: string, options: { follow?: boolean; tail: number; since?: string }, command: Command) => {
      const { output, api, io } = open(command);
      const abort = new AbortController();
      io.once('SIGINT', () => abort.abort());
      for await (const record of logRecords(api, name, options, abort.signal)) {
        if (output.isJson) output.result(record, () => '');
        else {
          const mark = record.status === 'succeeded' ? output.colors.green('●') : output.colors.red('●');
          output.line(`${mark} ${output.colors.dim(`${formatTime(record.startedAt)}  ${record.requestId}`)}`);
          if (record.logTail) output.line(output.foreign(record.logTail.trimEnd()));
        }
      }
    });
}

function paintOf(status: string, colors: Output['colors']): (text: string) => string {
  if (status === 'succeeded') return colors.green;
  return status === 'accepted' || status === 'running' ? colors.yellow : colors.red;
}

type LogRecord = Pick<InvocationRecord, 'requestId' | 'startedAt' | 'status' | 'logTail'>;

/** NDJSON of the API, line by line. */
async function* logRecords(
  api: ApiClient,
  name: string,
  { follow, tail, since }: { follow?: boolean; tail: number; since?: string },
  signal: AbortSignal,
): AsyncGenerator<LogRecord> {
  const query = { tail, since: sinceOf(since), follow: follow === true ? 'true' : undefined };
  let rest = '';
  for await (const chunk of api.stream(`/v1/functions/${encodeURIComponent(name)}/logs`, { query, signal })) {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as LogRecord;
  }
}
