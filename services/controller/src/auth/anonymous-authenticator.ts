import type { Clock, Logger } from '@easyfaas/service-kit';
import type { Authenticator, Principal } from './principal';
import { DEFAULT_ACCOUNT } from './authorize';

const ACCEPTANCE = 'yes';
const WARN_EVERY_MS = 60_000;

/** Why `EASYFAAS_AUTH=off` is refused; undefined when the operator has accepted what it means. */
export function anonymousAccessProblem(acceptance: string | undefined): string | undefined {
  if (acceptance === ACCEPTANCE) return undefined;
  return (
    'EASYFAAS_AUTH=off lets everybody who reaches the port run code on this machine; ' +
    `set EASYFAAS_I_ACCEPT_ANONYMOUS_CODE_EXECUTION=${ACCEPTANCE} as well, or leave authentication on`
  );
}

/** Everybody is the administrator. Says so in the log at once and each minute. */
export class AnonymousAuthenticator implements Authenticator {
  readonly #principal: Principal = { keyId: 'anonymous', accountId: DEFAULT_ACCOUNT, scopes: ['admin'] };

  /** @throws Error unless the operator has accepted it, see {@link anonymousAccessProblem} */
  constructor({ acceptance, clock, logger }: { acceptance: string | undefined; clock: Clock; logger: Logger }) {
    const problem = anonymousAccessProblem(acceptance);
    if (problem !== undefined) throw new Error(problem);
    const warn = (): void => {
      logger.warn('authentication is off: anybody who reaches this port can run code here');
      clock.after(WARN_EVERY_MS, warn);
    };
    warn();
  }

  authenticate(): Principal {
    return this.#principal;
  }

  isValid(): boolean {
    return true;
  }
}
