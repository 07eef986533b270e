/** Remembers signed requests for as long as their signatures are good. */
export interface ReplayGuard {
  /** @returns false when the same was seen before, by whichever pod @throws ServiceError STORE_UNAVAILABLE */
  isNew(triggerId: string, fingerprint: string): Promise<boolean>;
}
