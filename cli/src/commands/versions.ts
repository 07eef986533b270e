import type { Command } from 'commander';
import type { AliasConfiguration } from '@easyfaas/contracts/wire';
import type { ApiClient } from '../api-client';
import { CliError } from '../cli-error';
import { pathOf } from '../deploy/deploy-function';
import { formatBytes, formatTime } from '../format';
import { parseCanary, versionBefore } from '../release';
import type { OpenSession } from '../program';

interface Version {
  Version: string;
  Description: string;
  CodeSize: number;
  LastModified: string;
}

/** `versions`, `alias`, `rollback`. */
export function registerVersions(program: Command, open: OpenSession): void {
  const versions = program.command('versions').description('published versions, which never change');

  versions
    .command('ls', { isDefault: true })
    .description('all versions of a function')
    .argument('<function>')
    .action(async (name: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      output.table(
        await listVersions(api, name),
        [
          { title: 'version', value: (each) => each.Version, align: 'right' },
          { title: 'code', value: ({ CodeSize }) => formatBytes(CodeSize), align: 'right' },
          { title: 'made', value: ({ LastModified }) => formatTime(LastModified) },
          { title: 'description', value: ({ Description }) => Description || undefined },
        ],
        'Nothing is published. `easyfaas versions publish` makes version 1.',
      );
    });

  versions
    .command('publish')
    .description('make a version of what is deployed now; the same code and settings give the same version')
    .argument('<function>')
    .option('--description <text>')
    .action(async (name: string, { description }: { description?: string }, command: Command) => {
      const { output, api } = open(command);
      const body = description === undefined ? {} : { Description: description };
      const made = await api.json<Version>(`${pathOf(name)}/versions`, { method: 'POST', body });
      output.result(made, () => `${output.colors.green('+')} ${name}  version ${made.Version}`);
    });

  registerAliases(program, open);

  program
    .command('rollback')
    .description('point an alias at the version before its own, at once and for all calls')
    .argument('<function>')
    .argument('<alias>')
    .option('--to <version>', 'this version instead')
    .action(async (name: string, alias: string, { to }: { to?: string }, command: Command) => {
      const { output, api } = open(command);
      const current = await api.json<AliasConfiguration>(aliasPath(name, alias));
      const version =
        to ??
        versionBefore(
          current.FunctionVersion,
          (await listVersions(api, name)).map((each) => each.Version),
        );
      if (version === undefined) {
        throw new CliError(`${name} has no version before ${current.FunctionVersion}.`, {
          remedy: `\`easyfaas versions ${name}\` lists what there is.`,
        });
      }
      const updated = await setAlias(api, { name, alias, version, isNew: false });
      output.result(
        updated,
        () => `${output.colors.yellow('~')} ${name}:${alias}  ${current.FunctionVersion} -> ${updated.FunctionVersion}`,
      );
    });
}

function registerAliases(program: Command, open: OpenSession): void {
  const aliases = program.command('alias').description('names that point at versions');

  aliases
    .command('ls', { isDefault: true })
    .description('all aliases of a function')
    .argument('<function>')
    .action(async (name: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      const { Aliases } = await api.json<{ Aliases: AliasConfiguration[] }>(`${pathOf(name)}/aliases`);
      output.table(
        Aliases,
        [
          { title: 'alias', value: ({ Name }) => Name, paint: output.colors.bold },
          { title: 'version', value: ({ FunctionVersion }) => FunctionVersion, align: 'right' },
          { title: 'canary', value: ({ RoutingConfig }) => weights(RoutingConfig?.AdditionalVersionWeights) },
          { title: 'description', value: ({ Description }) => Description || undefined },
        ],
        'There are no aliases. `easyfaas alias set <function> live 1` makes one.',
      );
    });

  aliases
    .command('set')
    .description('point an alias at a version; makes it where there is none')
    .argument('<function>')
    .argument('<alias>')
    .argument('<version>')
    .option('--canary <version=percent>', 'send this share of the calls to a second version', parseCanary)
    .action(async (name: string, alias: string, version: string, { canary }: { canary?: Record<string, number> }, command: Command) => {
      const { output, api } = open(command);
      const isNew = (await api.find(aliasPath(name, alias))) === undefined;
      const done = await setAlias(api, { name, alias, version, isNew, ...(canary === undefined ? {} : { canary }) });
      const share = weights(done.RoutingConfig?.AdditionalVersionWeights);
      output.result(
        done,
        () =>
          `${isNew ? output.colors.green('+') : output.colors.yellow('~')} ${name}:${alias}  version ${done.FunctionVersion}${share === undefined ? '' : `, ${share}`}`,
      );
    });

  aliases
    .command('rm')
    .description('delete an alias; its versions stay')
    .argument('<function>')
    .argument('<alias>')
    .action(async (name: string, alias: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      await api.send(aliasPath(name, alias), { method: 'DELETE' });
      output.result({ deleted: `${name}:${alias}` }, () => `${output.colors.red('-')} ${name}:${alias}  deleted`);
    });
}

interface Wish {
  name: string;
  alias: string;
  version: string;
  isNew: boolean;
  canary?: Record<string, number>;
}

/** Without a canary one that is there ends. */
export function setAlias(api: ApiClient, { name, alias, version, isNew, canary = {} }: Wish): Promise<AliasConfiguration> {
  const body = { FunctionVersion: version, RoutingConfig: { AdditionalVersionWeights: canary } };
  if (isNew) return api.json(`${pathOf(name)}/aliases`, { method: 'POST', body: { Name: alias, ...body } });
  return api.json(aliasPath(name, alias), { method: 'PUT', body });
}

const aliasPath = (name: string, alias: string): string => `${pathOf(name)}/aliases/${encodeURIComponent(alias)}`;

async function listVersions(api: ApiClient, name: string): Promise<Version[]> {
  const versions: Version[] = [];
  const pages = api.pages<Version>(`${pathOf(name)}/versions`, {
    items: 'Versions',
    marker: 'marker',
    next: 'NextMarker',
    query: { maxItems: 100 },
  });
  for await (const each of pages) if (each.Version !== '$LATEST') versions.push(each);
  return versions;
}

function weights(additional: Record<string, number> | undefined): string | undefined {
  const parts = Object.entries(additional ?? {}).map(([version, share]) => `${Math.round(share * 1000) / 10} % to ${version}`);
  return parts.length === 0 ? undefined : parts.join(', ');
}
