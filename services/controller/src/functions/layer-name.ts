import { invalidField } from '../invalid-field';

export interface LayerReference {
  layerName: string;
  version: number;
}

export const LAYER_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const VERSION = /^[1-9]\d{0,9}$/;

export function layerArn({ region, accountId }: { region: string; accountId: string }, layerName: string): string {
  return `brn:cloud:faas:${region}:${accountId}:layer:${layerName}`;
}

/**
 * Understands `name:version` and the whole ARN of a layer version of the owner's account and region.
 * @throws ServiceError VALIDATION_FAILED
 */
export function parseLayerReference(text: string, owner: { region: string; accountId: string }): LayerReference {
  const prefix = layerArn(owner, '');
  const [layerName = '', version = '', ...rest] = (text.startsWith(prefix) ? text.slice(prefix.length) : text).split(':');
  if (LAYER_NAME.test(layerName) && VERSION.test(version) && rest.length === 0) return { layerName, version: Number(version) };
  const shown = JSON.stringify(text.slice(0, 120));
  throw invalidField('Layers', `Layers: ${shown} is no layer version of this account; write name:version or its LayerVersionArn.`);
}

/** @throws ServiceError VALIDATION_FAILED */
export function assertLayerName(text: string): void {
  if (!LAYER_NAME.test(text)) throw invalidField('LayerName', 'The name of a layer has 1 to 64 letters, digits, - and _.');
}

/** @throws ServiceError VALIDATION_FAILED */
export function readLayerVersion(text: string): number {
  if (VERSION.test(text)) return Number(text);
  throw invalidField('Version', 'The version of a layer is a number from 1 on.');
}
