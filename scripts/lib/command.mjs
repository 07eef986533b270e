// What the commands of scripts/ have in common: options, --help, terminal and log, and how a failure ends them.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './stack.mjs';
import { createTerminal, openLog } from './terminal.mjs';

/**
 * Ends with status 2 for options that it does not know, 1 when `main` fails.
 * @param {object} command
 * @param command.options of `parseArgs`, `help` among them
 * @param {(values) => string} command.logName file in .easyfaas
 * @param {(values) => import('node:stream').Writable} [command.stream] where people are told
 * @param {(values, terminal, log) => Promise<void>} command.main
 */
export async function runCommand({ options, usage, logName, stream = () => process.stdout, main }) {
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage}\n`);
    process.exitCode = 2;
    return;
  }
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const terminal = createTerminal({ stream: stream(values) });
  let log;
  try {
    log = openLog(join(ROOT, '.easyfaas', logName(values)));
    await main(values, terminal, log);
  } catch (error) {
    terminal.fail(error, log);
    process.exitCode = 1;
  }
}
