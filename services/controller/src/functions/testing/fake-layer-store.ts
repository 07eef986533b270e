import type { StoredLayerVersion } from '@easyfaas/contracts/wire';
import type { LayerKey, LayerPage, LayerStore, NumberedLayer } from '../layer-store';

/** For tests: layers in memory. */
export class FakeLayerStore implements LayerStore {
  readonly #versions = new Map<string, StoredLayerVersion[]>();
  readonly #deleted = new Set<StoredLayerVersion>();

  async add(layer: StoredLayerVersion): Promise<number | 'full'> {
    const key = `${layer.accountId}:${layer.layerName}`;
    const all = this.#versions.get(key) ?? [];
    this.#versions.set(key, all);
    return all.push(layer);
  }

  async get(key: LayerKey, version: number): Promise<StoredLayerVersion | undefined> {
    return (await this.versions(key)).find((each) => each.version === version)?.stored;
  }

  async versions({ accountId, layerName }: LayerKey): Promise<NumberedLayer[]> {
    const all = this.#versions.get(`${accountId}:${layerName}`) ?? [];
    return all
      .map((stored, index) => ({ version: index + 1, stored }))
      .filter(({ stored }) => !this.#deleted.has(stored))
      .reverse();
  }

  async list(): Promise<LayerPage> {
    throw new Error('not planned');
  }

  async delete(key: LayerKey, version: number): Promise<boolean> {
    const stored = await this.get(key, version);
    if (stored === undefined) return false;
    this.#deleted.add(stored);
    return true;
  }
}
