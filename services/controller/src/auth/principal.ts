import type { FunctionLimit } from './function-limit';

/** Who makes a request. Comes from the key alone, never from a header that a caller can write. */
export interface Principal {
  keyId: string;
  /** The tenant; part of every resource's id. */
  accountId: string;
  scopes: readonly string[];
  /** The only functions of the account that the key is for; all when undefined. */
  functions?: FunctionLimit | undefined;
}

/**
 * MUST answer from memory, synchronously, for a key seen lately: it stands on the hot path of every call.
 * MUST answer alike for an unknown, a wrong, an expired and a revoked key.
 */
export interface Authenticator {
  /**
   * @param credential the whole key, as the client sent it
   * @param source address of the client, for throttling of failures
   * @throws ServiceError UNAUTHORIZED, THROTTLED (too many failures, or over the key's own rate), STORE_UNAVAILABLE
   */
  authenticate(credential: string | undefined, source: string): Principal | Promise<Principal>;
  /** For answers without an end: whether the key would still be let in. Counts as no request. @throws ServiceError STORE_UNAVAILABLE */
  isValid(credential: string | undefined): boolean | Promise<boolean>;
}
