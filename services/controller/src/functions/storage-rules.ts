import type { FunctionConfiguration } from '@easyfaas/contracts/wire';
import { LIMITS } from '@easyfaas/contracts/wire';
import { invalidField } from '../invalid-field';

type Sizes = Pick<FunctionConfiguration, 'MemorySize' | 'EphemeralStorage'>;

const FIELD = 'EphemeralStorage.Size';
const DEFAULT_MB = LIMITS.ephemeralStorageMb[0];

/** Size of /tmp, MB. */
export function storageMbOf({ EphemeralStorage }: Pick<Sizes, 'EphemeralStorage'>): number {
  return EphemeralStorage?.Size ?? DEFAULT_MB;
}

/** Undefined for the default, said or not: such functions share the containers that are kept ready for all. */
export function ownStorageMb(configuration: Pick<Sizes, 'EphemeralStorage'>): number | undefined {
  const storageMb = storageMbOf(configuration);
  return storageMb === DEFAULT_MB ? undefined : storageMb;
}

/**
 * Files in /tmp count toward the memory of the function. So that a full /tmp is an error of the file system and not the end of the
 * container, some memory is left beside it.
 * @throws ServiceError VALIDATION_FAILED
 */
export function checkStorage(settings: Sizes): void {
  const Size = storageMbOf(settings);
  const sizes: readonly number[] = LIMITS.ephemeralStorageMb;
  if (!sizes.includes(Size)) {
    const next = sizes.find((each) => each > Size) ?? Math.max(...sizes);
    throw invalidField(FIELD, `${FIELD} is ${Size}; there are ${sizes.join(', ')} MB. Take ${next}.`);
  }
  const neededMb = Size + LIMITS.memoryBesideStorageMb;
  if (settings.MemorySize >= neededMb) return;
  throw invalidField(
    FIELD,
    `${FIELD} of ${Size} MB needs a MemorySize of at least ${neededMb} MB, since files in /tmp count toward it; it is ${settings.MemorySize} MB. ` +
      `Raise MemorySize to ${neededMb}, or lower ${FIELD}.`,
  );
}
