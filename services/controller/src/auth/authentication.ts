import { randomBytes } from 'node:crypto';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { ControllerConfig } from '../config';
import type { SecretBox } from '../secrets/secret-box';
import { AdminKey } from './admin-key';
import { AdminKeyFile } from './admin-key-file';
import { AnonymousAuthenticator } from './anonymous-authenticator';
import { KeyAuthenticator } from './key-authenticator';
import { createKeySeal, type KeySeal } from './key-seal';
import { KeyService } from './key-service';
import type { KeyStore } from './key-store';
import type { Authenticator } from './principal';
import { SignatureAuthenticator } from './signature/signature-authenticator';

type Settings = Pick<ControllerConfig, 'dataDir' | 'mustResetAdminKey' | 'auth' | 'anonymousAcceptance'>;
type Deps = { keyStore: KeyStore; secretBox: SecretBox; clock: Clock; logger: Logger };

export interface Authentication {
  adminKey: AdminKey;
  authenticator: Authenticator;
  /** For requests that are signed instead of bringing a key; absent where nobody needs one. */
  signatures: SignatureAuthenticator | undefined;
  keys: KeyService;
}

/** Wires what knows callers. */
export function createAuthentication(config: Settings, { keyStore: store, secretBox, clock, logger }: Deps): Authentication {
  const seal = createKeySeal(secretBox);
  const shared = { store, seal, clock, logger };
  const authenticator =
    config.auth === 'off'
      ? new AnonymousAuthenticator({ acceptance: config.anonymousAcceptance, clock, logger })
      : new KeyAuthenticator({ store, clock, logger, onUnsealed: sealLater(shared) });
  return {
    adminKey: new AdminKey({ ...shared, file: new AdminKeyFile(config.dataDir), random: randomBytes, mustReset: config.mustResetAdminKey }),
    authenticator,
    signatures: config.auth === 'off' ? undefined : new SignatureAuthenticator({ ...shared, authenticator }),
    keys: new KeyService({ store, seal, clock, random: randomBytes }),
  };
}

/** Keys of a version that did not seal them; the caller does not wait for it. */
function sealLater({
  store,
  seal,
  logger,
}: {
  store: KeyStore;
  seal: KeySeal;
  logger: Logger;
}): (keyId: string, credential: string) => void {
  return (keyId, credential) => {
    store
      .addSealed(keyId, seal.seal(keyId, credential))
      .catch((error: unknown) => logger.warn('key could not be sealed', { keyId, error }));
  };
}
