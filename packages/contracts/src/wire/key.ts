import type { RateLimit } from './trigger-sources';

/** Body of `POST /v1/keys`. */
export interface CreateKeyRequest {
  /** Account that the key acts for; the default account when absent. An account begins with its first key. */
  AccountId?: string;
  /** `admin`, `deploy`, `invoke`, `read`, or single actions such as `function:invoke`; `admin` when absent. */
  Scopes?: string[];
  /** Names of functions, or beginnings of names that end with `*`; all of the account when absent. Not with `admin`. */
  Functions?: string[];
  /** ISO 8601 with its zone; the key never expires when absent. */
  ExpiresAt?: string;
  /** Requests of every kind, on each pod; no limit when absent. */
  RateLimit?: RateLimit;
  Description?: string;
}

/** Body of `POST /v1/keys/{keyId}/rotate`. */
export interface RotateKeyRequest {
  /** How long the secret before goes on working, seconds; an hour when absent, 0 ends it at once. */
  GraceSeconds?: number;
}

/** A key as the API shows it: without the secret. */
export interface KeyView {
  KeyId: string;
  AccountId: string;
  Scopes: string[];
  Functions?: string[];
  Description: string;
  /** ISO 8601, UTC. */
  CreatedAt: string;
  ExpiresAt?: string;
  RateLimit?: RateLimit;
  /** When the secret was replaced last. */
  RotatedAt?: string;
  /** Until then the secret before the last rotation works as well. */
  PreviousValidUntil?: string;
  /** To the minute or so; absent when the key was never used. */
  LastUsedAt?: string;
}

/** Answer to `POST /v1/keys` and to a rotation: the only time that the secret is shown. */
export interface CreatedKey extends KeyView {
  Key: string;
}
