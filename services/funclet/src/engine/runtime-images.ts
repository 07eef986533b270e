import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, runtimeManifestSchema } from '@easyfaas/contracts/schemas';
import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { ContainerEngine } from './container-engine';

export interface RuntimeImage {
  name: string;
  /** Name and tag by which people know the image. */
  image: string;
  /** Content-addressed id; absent when the image is not on this host. */
  imageId?: string;
}

/** @throws Error naming the file when a `runtime.json` is missing or wrong */
export function readRuntimeManifests(directory: string): RuntimeManifest[] {
  const folders = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => {
    const path = join(directory, name, 'runtime.json');
    try {
      return parse(runtimeManifestSchema, JSON.parse(readFileSync(path, 'utf8')));
    } catch (cause) {
      throw new Error(`${path} is not a runtime manifest: ${(cause as Error).message}`, { cause });
    }
  });
}

/** The images of the runtimes, resolved to ids so that a tag that moves cannot change what a container runs. */
export class RuntimeImages {
  readonly #engine: ContainerEngine;
  #images: readonly RuntimeImage[];

  constructor(engine: ContainerEngine, manifests: readonly RuntimeManifest[], imageTag: string) {
    this.#engine = engine;
    this.#images = manifests.map(({ name, image }) => ({ name, image: `${image}:${imageTag}` }));
  }

  list(): readonly RuntimeImage[] {
    return this.#images;
  }

  /** Looks all images up anew: one that was built meanwhile is found, one that was deleted is missed. @throws EngineError */
  async refresh(signal: AbortSignal): Promise<void> {
    this.#images = await Promise.all(
      this.#images.map(async ({ name, image }) => {
        const imageId = await this.#engine.imageId(image, signal);
        return { name, image, ...(imageId === undefined ? {} : { imageId }) };
      }),
    );
  }

  /** @throws ServiceError VALIDATION_FAILED, RUNTIME_UNAVAILABLE */
  imageIdOf(runtime: string): string {
    const known = this.#images.find(({ name }) => name === runtime);
    if (known === undefined) {
      const names = this.#images.map(({ name }) => name).join(', ') || 'none';
      throw new ServiceError('VALIDATION_FAILED', `runtime "${runtime}" is not known here; known are: ${names}.`);
    }
    if (known.imageId === undefined) {
      throw new ServiceError('RUNTIME_UNAVAILABLE', `Image ${known.image} of runtime ${runtime} is not on this host; build it or pull it.`);
    }
    return known.imageId;
  }
}
