import { CommanderError } from 'commander';
import { ApiError, CliError } from './cli-error';
import type { CliIo } from './cli-io';
import { EXIT } from './exit-codes';
import { Output } from './output';
import { createProgram } from './program';

/** Runs one command. @returns the exit code */
export async function runCli(io: CliIo): Promise<number> {
  const program = createProgram(io);
  try {
    await program.parseAsync([...io.argv]);
    return program.exitCode;
  } catch (error) {
    // commander has printed its words by then; asking for help is no failure.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return explain(error, new Output(io, { isJson: io.argv.includes('--json') }));
  }
}

function explain(error: unknown, output: Output): number {
  const { colors } = output;
  if (!(error instanceof CliError)) {
    output.note(
      `${colors.red('easyfaas failed unexpectedly')}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return EXIT.unavailable;
  }
  const code = error instanceof ApiError ? `${error.code}: ` : '';
  output.note(`${colors.red('easyfaas:')} ${code}${output.foreign(error.message)}`);
  if (error.remedy !== undefined) output.note(`  ${error.remedy}`);
  if (error instanceof ApiError && error.requestId !== undefined && error.status >= 500) output.note(`  request id ${error.requestId}`);
  return error.exitCode;
}
