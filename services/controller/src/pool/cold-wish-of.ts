import type { FunctionConfiguration } from '@easyfaas/contracts/wire';
import { ownStorageMb } from '../functions/storage-rules';
import type { ColdWish } from './choose';

/** What a container has to be like to be warmed up for a function. */
export function coldWishOf(
  configuration: Pick<FunctionConfiguration, 'Runtime' | 'NetworkMode' | 'MemorySize' | 'EphemeralStorage'>,
): ColdWish {
  const { Runtime, NetworkMode, MemorySize } = configuration;
  const tmpMb = ownStorageMb(configuration);
  return { runtime: Runtime, network: NetworkMode, memoryMb: MemorySize, ...(tmpMb === undefined ? {} : { tmpMb }) };
}
