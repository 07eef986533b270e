import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, runtimeManifestSchema } from '@easyfaas/contracts/schemas';
import type { RuntimeManifest } from '@easyfaas/contracts/wire';

/**
 * The languages of this installation: every `<directory>/<name>/runtime.json`, by name.
 * @throws Error naming the manifest that cannot be used
 */
export async function loadRuntimeCatalogue(directory: string): Promise<ReadonlyMap<string, RuntimeManifest>> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const manifests = await Promise.all(names.sort().map((name) => loadManifest(directory, name)));
  return new Map(manifests.filter((manifest) => manifest !== undefined).map((manifest) => [manifest.name, manifest]));
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
