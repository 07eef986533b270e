import type { Command } from 'commander';
import type { InvocationRecord } from '@easyfaas/contracts/wire';
import type { ApiClient } from '../api-client';
import { CliError } from '../cli-error';
import { formatTime } from '../format';
import { wholeNumber } from '../option-values';
import type { OpenSession } from '../program';

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
    .option('--status <status>', 'succeeded, failed, throttled or error')
    .option('--since <time>', 'such as 10m, 2h, 1d, or an ISO time')
    .option('--limit <count>', 'at most so many', wholeNumber, 20)
    .action(async (options: ListOptions, command: Command) => {
      const { output, api } = open(command);
      const { invocations: records } = await api.json<{ invocations: InvocationRecord[] }>('/v1/invocations', {
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
            paint: (text, { status }) => (status === 'succeeded' ? output.colors.green(text) : output.colors.red(text)),
          },
          { title: 'start', value: ({ start, coldReason }) => (coldReason === undefined ? start : `cold (${coldReason})`) },
          { title: 'ms', value: ({ stages }) => stages.totalMs.toFixed(1), align: 'right' },
          { title: 'mb', value: ({ maxMemoryMb }) => maxMemoryMb?.toFixed(0), align: 'right' },
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
      const record = await api.json<InvocationRecord>(`/v1/invocations/${encodeURIComponent(requestId)}`);
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

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `10m` means ten minutes ago; an ISO time means itself. Milliseconds since the epoch. @throws CliError for anything else */
export function sinceOf(text: string | undefined, nowMs = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  const span = /^(\d{1,6})([smhd])$/.exec(text);
  if (span !== null) return nowMs - Number(span[1]) * (UNIT_MS[span[2] ?? ''] ?? 0);
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs))
    throw new CliError(`"${text}" is no time.`, { remedy: 'Give 30s, 10m, 2h, 1d, or a time such as 2030-01-31T12:00:00Z.' });
  return atMs;
}
