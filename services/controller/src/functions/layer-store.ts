import type { StoredLayerVersion } from '@easyfaas/contracts/wire';

/** Which layer. */
export interface LayerKey {
  accountId: string;
  layerName: string;
}

/** A layer version with its number. */
export interface NumberedLayer {
  version: number;
  stored: StoredLayerVersion;
}

export interface LayerPage {
  layers: NumberedLayer[];
  /** Present when there are more: the last of this page. */
  nextMarker?: string;
}

/**
 * Where layers last. Every method throws STORE_UNAVAILABLE when the store does not answer; then it is not known whether a
 * write happened.
 */
export interface LayerStore {
  /** MUST give each number once, also after versions were deleted. @returns 'full' when the layer has as many versions as may be */
  add(layer: StoredLayerVersion): Promise<number | 'full'>;
  get(key: LayerKey, version: number): Promise<StoredLayerVersion | undefined>;
  /** Latest first. */
  versions(key: LayerKey): Promise<NumberedLayer[]>;
  /** Each layer of an account with its latest version, in order of their names, after `marker` (exclusive). */
  list(accountId: string, page: { marker?: string; limit: number }): Promise<LayerPage>;
  /** @returns false when there was none */
  delete(key: LayerKey, version: number): Promise<boolean>;
}
