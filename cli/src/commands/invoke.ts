import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { CliIo } from '../cli-io';
import { ApiError, CliError } from '../cli-error';
import { pathOf } from '../deploy/deploy-function';
import { EXIT } from '../exit-codes';
import { printStream } from '../print-stream';
import type { OpenSession, Session } from '../program';
import { describeTimings } from '../timings';

interface InvokeOptions {
  data?: string;
  file?: string;
  contentType?: string;
  qualifier?: string;
  async?: boolean;
  log?: boolean;
  timing?: boolean;
  /** `--no-stream` makes it false. */
  stream?: boolean;
  idempotencyKey?: string;
}

/** Of a function's stack trace that are shown; --json has all. */
const TRACE_LINES = 10;

export function registerInvoke(program: Command, open: OpenSession): void {
  program
    .command('invoke')
    .description('call a function; its result goes to standard output, everything else to standard error')
    .argument('<function>')
    .option('-d, --data <payload>', 'the event, such as \'{"name":"you"}\'')
    .option('-f, --file <path>', 'read the event from a file, - for standard input')
    .option('--content-type <type>', 'application/json is parsed for the function, any other type arrives as bytes (application/json)')
    .option('-q, --qualifier <version>', 'version or alias ($LATEST)')
    .option('--async', 'queue it and print the id of the invocation')
    .option('--idempotency-key <key>', 'the same key runs the call, or the event, once within 24 hours')
    .option('--no-stream', 'wait for the whole answer, also of a function that streams it')
    .option('-l, --log', "show the last 4 KiB of the function's log")
    .option('--timing', 'show where the time went')
    .action(async (name: string, options: InvokeOptions, command: Command) => {
      const session = open(command);
      const payload = await readPayload(options, session.io);
      await invoke(session, name, payload, options);
    });
}

/** Calls and prints; used by `dev` too. */
export async function invoke(session: Session, name: string, payload: Buffer, options: InvokeOptions): Promise<void> {
  const answer = await session.api.open(`${pathOf(name)}/invocations`, {
    method: 'POST',
    body: payload,
    query: { Qualifier: options.qualifier },
    headers: {
      'Content-Type': options.contentType ?? 'application/json',
      ...(options.async === true ? { 'X-Easyfaas-Invoke-Type': 'event' } : {}),
      // An answer that is kept for its key comes whole.
      ...(options.stream === false || options.idempotencyKey !== undefined ? {} : { 'X-Easyfaas-Response-Mode': 'stream', TE: 'trailers' }),
      ...(options.log === true ? { 'X-Easyfaas-Log-Type': 'Tail' } : {}),
      ...(options.idempotencyKey === undefined ? {} : { 'Idempotency-Key': options.idempotencyKey }),
    },
  });
  // How long the function ran is in the headers of every answer that comes whole.
  const isStreamed = answer.headers['transfer-encoding'] === 'chunked' && !('x-easyfaas-function-exectime' in answer.headers);
  if (isStreamed) await printStream(session, answer);
  const bytes = isStreamed ? undefined : await buffer(answer);
  // What is known only at the end of a stream comes behind it.
  const header = (key: string): string | undefined => answer.trailers[key] ?? textOf(answer.headers[key]);
  if (isStreamed && session.output.isLive) session.output.line();
  if (options.log === true) printLog(session, header('x-easyfaas-log-result') ?? '');
  if (options.timing === true) session.output.note(describeTimings(header('server-timing') ?? '', header('x-easyfaas-start') ?? ''));
  const error = header('x-easyfaas-error');
  if (error !== undefined) failStream(session, Buffer.from(error, 'base64'), header('x-easyfaas-function-error') !== undefined);
  else if (bytes === undefined) return;
  else if (header('x-easyfaas-function-error') !== undefined) printFailure(session, bytes);
  else printResult(session, textOf(answer.headers['content-type']), bytes);
}

const textOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** A streamed answer has ended with an error. @throws ApiError when it is not the function's */
function failStream(session: Session, bytes: Buffer, isFunctions: boolean): void {
  if (isFunctions) return printFailure(session, bytes);
  const { error } = JSON.parse(bytes.toString('utf8')) as { error: { code: string; message: string; requestId: string } };
  throw new ApiError({ ...error, status: 503 });
}

/** @throws CliError when both or an unreadable file is given */
export async function readPayload({ data, file }: Pick<InvokeOptions, 'data' | 'file'>, io: CliIo): Promise<Buffer> {
  if (data !== undefined && file !== undefined) throw new CliError('Give --data or --file, not both.');
  if (data !== undefined) return Buffer.from(data);
  if (file === '-') return buffer(io.stdin);
  if (file === undefined) return Buffer.from('{}');
  try {
    return readFileSync(resolve(io.cwd(), file));
  } catch (cause) {
    throw new CliError(`${file} cannot be read.`, { remedy: 'Check the path; - reads standard input.', cause });
  }
}

function printResult({ output }: Session, contentType: string | undefined, bytes: Buffer): void {
  const isJson = contentType?.startsWith('application/json') === true;
  if (isJson && output.isLive) {
    output.line(output.foreign(JSON.stringify(JSON.parse(bytes.toString('utf8')), null, 2)));
    return;
  }
  output.raw(bytes);
  if (output.isLive || output.isJson) output.raw('\n');
}

function printFailure({ output, endWith }: Session, bytes: Buffer): void {
  const { colors } = output;
  endWith(EXIT.functionFailed);
  if (output.isJson) {
    output.raw(bytes);
    output.raw('\n');
    return;
  }
  const error = JSON.parse(bytes.toString('utf8')) as {
    errorType?: string;
    errorMessage?: string;
    trace?: string[];
    stackTrace?: string[];
  };
  output.note(`${colors.red('The function failed:')} ${output.foreign(`${error.errorType ?? 'Error'}: ${error.errorMessage ?? ''}`)}`);
  const said = `${error.errorType ?? ''}: ${error.errorMessage ?? ''}`;
  const trace = (error.trace ?? error.stackTrace ?? []).join('\n').split('\n');
  // Neither what was said above, nor the insides of the runtime.
  const telling = trace.filter((line) => line.trim() !== '' && line !== said && !line.includes('(node:internal/'));
  for (const line of telling.slice(0, TRACE_LINES)) output.note(colors.dim(output.foreign(`  ${line.trimEnd()}`)));
}

function printLog({ output }: Session, base64: string): void {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  if (text !== '') output.note(output.colors.dim(output.foreign(text.trimEnd())));
}
