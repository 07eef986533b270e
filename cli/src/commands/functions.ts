import type { Command } from 'commander';
import { ApiError } from '../cli-error';
import { pathOf } from '../deploy/deploy-function';
import { formatBytes, formatTime } from '../format';
import type { OpenSession, Session } from '../program';

interface Configuration {
  FunctionName: string;
  Runtime: string;
  Handler: string;
  MemorySize: number;
  Timeout: number;
  CodeSize: number;
  State: string;
  StateReason?: string;
  Version: string;
  LastModified: string;
  [member: string]: unknown;
}

/** `ls`, `describe`, `rm`. */
export function registerFunctions(program: Command, open: OpenSession): void {
  program
    .command('ls')
    .description('list the functions of this account')
    .action(async (_options: object, command: Command) => {
      const { output, api } = open(command);
      const functions: Configuration[] = [];
      const pages = api.pages<Configuration>('/v1/functions', {
        items: 'Functions',
        marker: 'marker',
        next: 'NextMarker',
        query: { maxItems: 100 },
      });
      for await (const each of pages) functions.push(each);
      output.table(
        functions,
        [
          { title: 'name', value: ({ FunctionName }) => FunctionName, paint: output.colors.bold },
          { title: 'runtime', value: ({ Runtime }) => Runtime },
          { title: 'memory', value: ({ MemorySize }) => `${MemorySize} MB`, align: 'right' },
          { title: 'timeout', value: ({ Timeout }) => `${Timeout} s`, align: 'right' },
          { title: 'code', value: ({ CodeSize }) => formatBytes(CodeSize), align: 'right' },
          { title: 'state', value: ({ State }) => State },
          { title: 'changed', value: ({ LastModified }) => formatTime(LastModified) },
        ],
        'No functions yet. `easyfaas init hello && easyfaas deploy hello` makes one.',
      );
    });

  program
    .command('describe')
    .description('show all there is to know of a function')
    .argument('<function>')
    .option('-q, --qualifier <version>', 'version or alias ($LATEST)')
    .action(async (name: string, { qualifier }: { qualifier?: string }, command: Command) => describe(open(command), name, qualifier));

  program
    .command('rm')
    .description('delete functions; running calls finish')
    .argument('<function...>')
    .option('-f, --force', 'one that is not there is no failure')
    .action(async (names: string[], { force }: { force?: boolean }, command: Command) => {
      const { output, api } = open(command);
      const deleted: string[] = [];
      for (const name of names) {
        try {
          await api.send(pathOf(name), { method: 'DELETE' });
          deleted.push(name);
          if (!output.isJson) output.line(`${output.colors.red('-')} ${name}  deleted`);
        } catch (error) {
          if (!(force === true && error instanceof ApiError && error.status === 404)) throw error;
        }
      }
      if (output.isJson) output.result({ deleted }, () => '');
    });
}

async function describe({ output, api }: Session, name: string, qualifier: string | undefined): Promise<void> {
  const answer = await api.json<{ Configuration: Configuration; Code: object; Concurrency: object }>(pathOf(name), {
    query: { Qualifier: qualifier },
  });
  output.result(answer, () => {
    const facts = { ...answer.Configuration, ...answer.Concurrency };
    const width = Math.max(...Object.keys(facts).map((member) => member.length));
    return Object.entries(facts)
      .map(([member, value]) => `${output.colors.dim(member.padEnd(width))}  ${output.foreign(shown(value))}`)
      .join('\n');
  });
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? '-' : JSON.stringify(value);
  return value === '' ? '-' : String(value);
}
