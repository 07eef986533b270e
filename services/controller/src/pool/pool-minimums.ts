import type { RuntimeManifest } from '@easyfaas/contracts/wire';

/** Cold containers kept per runtime where EASYFAAS_POOL_MIN names none. */
const POOL_MIN = 2;

/** @throws Error when EASYFAAS_POOL_MIN names a runtime that is not installed */
export function poolMinimums(runtimes: ReadonlyMap<string, RuntimeManifest>, wanted: Record<string, number>): Map<string, number> {
  const unknown = Object.keys(wanted).filter((name) => !runtimes.has(name));
  if (unknown.length > 0)
    throw new Error(`EASYFAAS_POOL_MIN names ${unknown.join(', ')}; installed are ${[...runtimes.keys()].join(', ')}`);
  return new Map([...runtimes.keys()].map((name) => [name, wanted[name] ?? POOL_MIN]));
}
