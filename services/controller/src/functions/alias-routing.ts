import type { AliasConfiguration } from '@easyfaas/contracts/wire';

/** Where the calls of an alias go, in a form that costs a call nothing. */
export interface AliasTarget {
  version: string;
  /** A second version and its share of the calls, 0 to 1. */
  other: { version: string; weight: number } | undefined;
}

export function aliasTarget({ FunctionVersion, RoutingConfig }: AliasConfiguration): AliasTarget {
  const [other] = Object.entries(RoutingConfig?.AdditionalVersionWeights ?? {});
  return { version: FunctionVersion, other: other === undefined ? undefined : { version: other[0], weight: other[1] } };
}

/** @param chance from 0 to below 1, evenly spread */
export function chooseVersion({ version, other }: AliasTarget, chance: number): string {
  return other !== undefined && chance < other.weight ? other.version : version;
}
