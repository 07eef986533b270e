/** Who makes a request. Comes from the key alone, never from a header that a caller can write. */
export interface Principal {
  keyId: string;
  /** The tenant; part of every resource's id. */
  accountId: string;
  scopes: readonly string[];
}

/**
 * MUST answer from memory, synchronously, for a key seen lately: it stands on the hot path of every call.
 * MUST answer alike for an unknown and for a wrong key.
 */
export interface Authenticator {
  /**
   * @param credential the whole key, as the client sent it
   * @param source address of the client, for throttling of failures
   * @throws ServiceError UNAUTHORIZED, THROTTLED (too many failures), STORE_UNAVAILABLE
   */
  authenticate(credential: string | undefined, source: string): Principal | Promise<Principal>;
}
