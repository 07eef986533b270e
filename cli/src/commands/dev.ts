import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { watch } from 'chokidar';
import type { Command } from 'commander';
import { CliError } from '../cli-error';
import { deployFunction } from '../deploy/deploy-function';
import type { FunctionSpec } from '../deploy/function-spec';
import type { OpenSession, Session } from '../program';
import { type DeployOptions, specsOf, withFunctionOptions } from './deploy';
import { invoke, readPayload } from './invoke';

interface DevOptions extends DeployOptions {
  data?: string;
  file?: string;
  call: boolean;
}

/** Editors write a file in several steps: what comes within this time is one save, ms. */
const SETTLE_MS = 40;

export function registerDev(program: Command, open: OpenSession): void {
  withFunctionOptions(program.command('dev'))
    .description('deploy at each save, call the function and show what it says, until Ctrl-C')
    .argument('[path]', 'what to deploy', '.')
    .option('--only <name>', 'of a manifest, only this function (repeatable)', (text: string, before: string[] = []) => [...before, text])
    .option('-d, --data <payload>', 'the event of the calls')
    .option('-f, --file <path>', 'read the event from a file')
    .option('--no-call', 'deploy only')
    .action(async (path: string, options: DevOptions, command: Command) => {
      const session = open(command);
      if (options.file === '-')
        throw new CliError('dev calls many times and standard input can be read once.', { remedy: 'Give --data or a file.' });
      // A call that fails is what one is here to see; it does not make the command fail.
      await develop({ ...session, endWith: () => undefined }, resolve(session.io.cwd(), path), options);
    });
}

async function develop(session: Session, path: string, options: DevOptions): Promise<void> {
  const { io, output } = session;
  const stopped = new Promise<void>((done) => io.once('SIGINT', done));
  const round = async (isFirst: boolean): Promise<void> => {
    for (const spec of specsOf(path, options)) await deployAndCall(session, spec, options, isFirst);
  };
  const isFile = existsSync(path) && statSync(path).isFile();
  const root = isFile ? dirname(path) : path;
  const watcher = watch(isFile ? path : root, {
    ignoreInitial: true,
    ignored: (each) => /(^|\/)(node_modules|\.git|__pycache__)(\/|$)/.test(relative(root, each)),
  });
  // From here on nothing is missed: what is saved during the first round makes a second one.
  await once(watcher, 'ready');
  let pending: NodeJS.Timeout | undefined;
  let running = round(true);
  watcher.on('all', () => {
    clearTimeout(pending);
    pending = setTimeout(() => {
      running = running.then(() => round(false)).catch((error: unknown) => show(session, error));
    }, SETTLE_MS);
  });
  await running;
  output.note(output.colors.dim(`watching ${relative(io.cwd(), root) || '.'}; Ctrl-C ends`));
  await stopped;
  clearTimeout(pending);
  await running;
  await watcher.close();
}

async function deployAndCall(session: Session, spec: FunctionSpec, options: DevOptions, isFirst: boolean): Promise<void> {
  const { output, io } = session;
  try {
    const { plan, tookMs } = await deployFunction(session.api, spec, { isDryRun: false });
    // Editors touch files without changing them; the first round is a call in any case.
    if (plan.action === 'nothing' && !isFirst) return;
    output.note(
      `${output.colors.green('✓')} ${spec.name} ${plan.action === 'nothing' ? 'unchanged' : `live after ${Math.round(tookMs)} ms`}`,
    );
    if (options.call) await invoke(session, spec.name, await readPayload(options, io), { log: true });
  } catch (error) {
    show(session, error);
  }
}

/** The next save may mend it: nothing ends here but on Ctrl-C. */
function show({ output }: Session, error: unknown): void {
  if (!(error instanceof CliError)) throw error;
  output.note(`${output.colors.red('✗')} ${output.foreign(error.message)}${error.remedy === undefined ? '' : `\n  ${error.remedy}`}`);
}
