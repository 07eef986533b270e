/** Body of `POST /v1/keys`. */
export interface CreateKeyRequest {
  /** Account that the key acts for; the default account when absent. An account begins with its first key. */
  AccountId?: string;
  /** `admin`, `deploy`, `invoke`, `read`; `admin` when absent. */
  Scopes?: string[];
  Description?: string;
}

/** A key as the API shows it: without the secret. */
export interface KeyView {
  KeyId: string;
  AccountId: string;
  Scopes: string[];
  Description: string;
  /** ISO 8601, UTC. */
  CreatedAt: string;
}

/** Answer to `POST /v1/keys`: the only time that the secret is shown. */
export interface CreatedKey extends KeyView {
  Key: string;
}
