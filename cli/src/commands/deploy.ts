import { existsSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../cli-error';
import { type Deployment, deployFunction } from '../deploy/deploy-function';
import type { FunctionSpec } from '../deploy/function-spec';
import { findManifest, readManifest } from '../deploy/manifest';
import { collect, wholeNumber } from '../option-values';
import type { Output } from '../output';
import type { OpenSession } from '../program';

export interface DeployOptions {
  name?: string;
  runtime?: string;
  handler?: string;
  memory?: number;
  timeout?: number;
  concurrency?: number;
  reserved?: number;
  network?: string;
  description?: string;
  env?: Record<string, string>;
  tag?: Record<string, string>;
  layer?: string[];
  only?: string[];
  dryRun?: boolean;
}

export function registerDeploy(program: Command, open: OpenSession): void {
  withFunctionOptions(program.command('deploy'))
    .description('create or update functions from a file, a folder, a zip or an easyfaas.yml')
    .argument('[path]', 'what to deploy', '.')
    .option('--only <name>', 'of a manifest, only this function (repeatable)', collect)
    .option('--dry-run', 'show what would change and change nothing')
    .action(async (path: string, options: DeployOptions, command: Command) => {
      const { output, api, io } = open(command);
      const isDryRun = options.dryRun === true;
      const done: Deployment[] = [];
      for (const spec of specsOf(resolve(io.cwd(), path), options)) {
        const deployment = await deployFunction(api, spec, { isDryRun });
        done.push(deployment);
        if (!output.isJson) print(output, deployment, isDryRun);
      }
      if (output.isJson) output.result(done.length === 1 ? done[0] : done, () => '');
      const first = done[0];
      if (output.isLive && !isDryRun && done.length === 1 && first?.plan.action === 'create') {
        output.note(output.colors.dim(`Call it: easyfaas invoke ${first.name} -d '{}' --log`));
      }
    });
}

/** Options that describe a function without a manifest. */
export function withFunctionOptions(command: Command): Command {
  return command
    .option('-n, --name <name>', 'name of the function (name of the file or folder)')
    .option('-r, --runtime <name>', 'such as nodejs20, python3 (from the file)')
    .option('--handler <file.export>', 'what is called (index.handler)')
    .option('-m, --memory <MB>', '128 to 10240', wholeNumber)
    .option('-t, --timeout <seconds>', '1 to 900', wholeNumber)
    .option('-c, --concurrency <calls>', 'calls at once in one container', wholeNumber)
    .option('--reserved <calls>', 'most calls at once over all containers', wholeNumber)
    .option('--network <mode>', 'none or egress')
    .option('--description <text>')
    .option('-e, --env <NAME=value>', 'environment variable (repeatable)', pair)
    .option('--tag <name=value>', 'tag (repeatable)', pair)
    .option('--layer <name:version>', 'layer (repeatable, order kept)', collect);
}

/** @throws CliError when there is nothing to deploy, or options and manifest contradict each other */
export function specsOf(path: string, options: DeployOptions): FunctionSpec[] {
  const manifest = findManifest(path);
  if (manifest === undefined) {
    if (options.only !== undefined) throw new CliError(`--only needs a manifest, and there is none in ${path}.`);
    return [{ ...specOf(options), name: options.name ?? nameOf(path), codePath: path }];
  }
  if (options.name !== undefined)
    throw new CliError(`${manifest} names its functions.`, { remedy: 'Leave --name out, or choose some with --only.' });
  const all = readManifest(manifest);
  const missing = options.only?.find((name) => !all.some((spec) => spec.name === name));
  if (missing !== undefined)
    throw new CliError(`${manifest} has no function ${missing}; it has ${all.map(({ name }) => name).join(', ')}.`);
  return all.filter(({ name }) => options.only?.includes(name) ?? true).map((spec) => ({ ...spec, ...specOf(options) }));
}

function specOf({
  runtime,
  handler,
  memory,
  timeout,
  concurrency,
  reserved,
  network,
  description,
  env,
  tag,
  layer,
}: DeployOptions): Partial<FunctionSpec> {
  const given = {
    runtime,
    handler,
    memoryMb: memory,
    timeoutSeconds: timeout,
    concurrency,
    reservedConcurrency: reserved,
    network,
    description,
    environment: env,
    tags: tag,
    layers: layer,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Of a folder or file: `sum.js` is `sum`. */
function nameOf(path: string): string {
  const isFile = existsSync(path) && statSync(path).isFile();
  return basename(path, isFile ? extname(path) : '').replace(/[^A-Za-z0-9_-]+/g, '-');
}

function pair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new CliError(`"${text}" is not of the form NAME=value.`);
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function print(output: Output, { name, plan, configuration, tookMs }: Deployment, isDryRun: boolean): void {
  const { colors } = output;
  const isSame = plan.action === 'nothing' || (plan.action === 'update' && plan.changes.length === 0);
  const done = plan.action === 'create' ? 'created' : isSame ? 'unchanged' : 'updated';
  const words = isDryRun && !isSame ? `would be ${done}` : done;
  const mark = isSame ? colors.dim('=') : plan.action === 'create' ? colors.green('+') : colors.yellow('~');
  const facts =
    configuration === undefined ? '' : colors.dim(`  ${configuration.Runtime}, ${configuration.MemorySize} MB, ${Math.round(tookMs)} ms`);
  output.line(`${mark} ${colors.bold(name)}  ${words}${facts}`);
  if (plan.action === 'create' && !isDryRun) return;
  for (const { what, from, to } of plan.changes) {
    output.line(output.foreign(`    ${what}: ${from === undefined ? to : `${from} -> ${to}`}`));
  }
}
