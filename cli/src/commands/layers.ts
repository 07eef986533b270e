import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { LayerVersionView } from '@easyfaas/contracts/wire';
import { CliError } from '../cli-error';
import { readCode } from '../deploy/read-code';
import { formatBytes, formatTime } from '../format';
import { wholeNumber } from '../option-values';
import type { OpenSession } from '../program';

/** `layers`: packages that functions share. */
export function registerLayers(program: Command, open: OpenSession): void {
  const layers = program.command('layers').description('packages that functions share, such as their dependencies');

  layers
    .command('ls', { isDefault: true })
    .description('all layers with their newest version, or all versions of one')
    .argument('[layer]')
    .action(async (layer: string | undefined, _options: object, command: Command) => {
      const { output, api } = open(command);
      const versions: LayerVersionView[] = [];
      if (layer === undefined) {
        const pages = api.pages<{ LatestMatchingVersion: LayerVersionView }>('/v1/layers', {
          items: 'Layers',
          marker: 'marker',
          next: 'NextMarker',
          query: { maxItems: 100 },
        });
        for await (const { LatestMatchingVersion } of pages) versions.push(LatestMatchingVersion);
      } else versions.push(...(await api.json<{ LayerVersions: LayerVersionView[] }>(`${layerPath(layer)}/versions`)).LayerVersions);
      output.table(
        versions,
        [
          { title: 'layer', value: ({ LayerName, Version }) => `${LayerName}:${Version}`, paint: output.colors.bold },
          { title: 'unpacked', value: ({ Content }) => formatBytes(Content.UnpackedSize), align: 'right' },
          { title: 'for', value: ({ CompatibleRuntimes }) => CompatibleRuntimes.join(', ') || 'any' },
          { title: 'made', value: ({ CreatedDate }) => formatTime(CreatedDate) },
          { title: 'description', value: ({ Description }) => Description || undefined },
        ],
        'There are no layers.',
      );
    });

  layers
    .command('publish')
    .description('make a version of a layer from a folder or a zip; deploy uses it with --layer name:version')
    .argument('<layer>')
    .argument('<path>', 'with nodejs/node_modules, python, bin and so on in it')
    .option('--description <text>')
    .option('--runtimes <names>', 'runtimes that it is for, separated by commas')
    .action(async (layer: string, path: string, options: { description?: string; runtimes?: string }, command: Command) => {
      const { output, api, io } = open(command);
      const code = await readCode(resolve(io.cwd(), path));
      if (code.contentType !== 'application/zip')
        throw new CliError(`${path} is one source file.`, { remedy: 'A layer is a folder or a zip.' });
      const made = await api.json<LayerVersionView>(`${layerPath(layer)}/versions`, {
        method: 'POST',
        body: code.bytes,
        headers: { 'Content-Type': code.contentType },
        query: { Description: options.description, CompatibleRuntimes: options.runtimes },
      });
      output.result(made, () => `${output.colors.green('+')} ${made.LayerName}:${made.Version}`);
    });

  layers
    .command('rm')
    .description('delete a version; functions that use it keep it')
    .argument('<layer>')
    .argument('<version>', 'its number', wholeNumber)
    .action(async (layer: string, version: number, _options: object, command: Command) => {
      const { output, api } = open(command);
      await api.send(`${layerPath(layer)}/versions/${version}`, { method: 'DELETE' });
      output.result({ deleted: `${layer}:${version}` }, () => `${output.colors.red('-')} ${layer}:${version}  deleted`);
    });
}

const layerPath = (layer: string): string => `/v1/layers/${encodeURIComponent(layer)}`;
