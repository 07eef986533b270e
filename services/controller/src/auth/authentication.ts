import { randomBytes } from 'node:crypto';
import type { Clock, Logger } from '@easyfaas/service-kit';
import type { ControllerConfig } from '../config';
import { AdminKey } from './admin-key';
import { AdminKeyFile } from './admin-key-file';
import { AnonymousAuthenticator } from './anonymous-authenticator';
import { KeyAuthenticator } from './key-authenticator';
import type { KeyStore } from './key-store';
import type { Authenticator } from './principal';

type Settings = Pick<ControllerConfig, 'dataDir' | 'mustResetAdminKey' | 'auth' | 'anonymousAcceptance'>;
type Deps = { keyStore: KeyStore; clock: Clock; logger: Logger };

/** Wires what knows callers. */
export function createAuthentication(
  config: Settings,
  { keyStore, clock, logger }: Deps,
): { adminKey: AdminKey; authenticator: Authenticator } {
  const adminKey = new AdminKey({
    store: keyStore,
    file: new AdminKeyFile(config.dataDir),
    clock,
    random: randomBytes,
    logger,
    mustReset: config.mustResetAdminKey,
  });
  if (config.auth === 'off')
    return { adminKey, authenticator: new AnonymousAuthenticator({ acceptance: config.anonymousAcceptance, clock, logger }) };
  return { adminKey, authenticator: new KeyAuthenticator({ store: keyStore, clock, logger }) };
}
