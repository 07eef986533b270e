import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, runtimeManifestSchema } from '@easyfaas/contracts/schemas';
import type { RuntimeManifest } from '@easyfaas/contracts/wire';

/** Every language there is, also optional ones. */
const ALL = 'all';

/**
 * The languages of this installation: every `<directory>/<name>/runtime.json` that is chosen, by name.
 * @param chosen names; none: all that are not optional; `all`: all
 * @throws Error naming the manifest that cannot be used, or the chosen name that there is not
 */
export async function loadRuntimeCatalogue(
  directory: string,
  chosen: readonly string[] = [],
): Promise<ReadonlyMap<string, RuntimeManifest>> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const manifests = await Promise.all(names.sort().map((name) => loadManifest(directory, name)));
  const found = manifests.filter((manifest) => manifest !== undefined);
  const unknown = chosen.find((name) => name !== ALL && !found.some((manifest) => manifest.name === name));
  if (unknown !== undefined)
    throw new Error(`EASYFAAS_RUNTIMES names ${unknown}; ${directory} has ${found.map(({ name }) => name).join(', ') || 'none'}`);
  const isChosen = ({ name, isOptional = false }: RuntimeManifest): boolean =>
    chosen.length === 0 ? !isOptional : chosen.includes(name) || chosen.includes(ALL);
  return new Map(found.filter(isChosen).map((manifest) => [manifest.name, manifest]));
}

async function loadManifest(directory: string, name: string): Promise<RuntimeManifest | undefined> {
  const path = join(directory, name, 'runtime.json');
  try {
    const manifest = parse(runtimeManifestSchema, JSON.parse(await readFile(path, 'utf8')));
    if (manifest.name !== name) throw new Error(`its name is "${manifest.name}", its folder "${name}"`);
    // Fails here rather than at the first deploy.
    new RegExp(manifest.handlerPattern);
    return manifest;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
