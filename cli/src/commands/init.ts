import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../cli-error';
import { MANIFEST_NAME } from '../deploy/manifest';
import type { OpenSession } from '../program';
import { TEMPLATES } from '../templates';

export function registerInit(program: Command, open: OpenSession): void {
  program
    .command('init')
    .description('make a folder with a function to start from')
    .argument('<folder>', 'its last part becomes the name of the function')
    .option('--template <name>', `${Object.keys(TEMPLATES).join(', ')}`, 'node')
    .action((folder: string, { template }: { template: string }, command: Command) => {
      const { output, io } = open(command);
      const files = TEMPLATES[template];
      if (files === undefined) throw new CliError(`There is no template ${template}; there are ${Object.keys(TEMPLATES).join(', ')}.`);
      const path = resolve(io.cwd(), folder);
      const name = basename(path);
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
        throw new CliError(`"${name}" cannot be the name of a function.`, { remedy: 'Letters, digits, - and _, at most 64.' });
      }
      if (existsSync(path) && readdirSync(path).length > 0)
        throw new CliError(`${folder} is there and not empty.`, { remedy: 'Choose another folder.' });
      mkdirSync(path, { recursive: true });
      const written = Object.entries({ ...files.code, [MANIFEST_NAME]: files.manifest.replaceAll('NAME', name) });
      for (const [file, text] of written) writeFileSync(join(path, file), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
      const place = relative(io.cwd(), path) || '.';
      output.result({ folder: path, files: written.map(([file]) => file) }, () =>
        [
          ...written.map(([file]) => `${output.colors.green('+')} ${join(place, file)}`),
          output.colors.dim(`Next: easyfaas deploy ${place} && easyfaas invoke ${name} -d '{"name":"you"}'`),
        ].join('\n'),
      );
    });
}
