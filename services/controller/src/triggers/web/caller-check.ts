import type { IncomingMessage } from 'node:http';
import type { RateLimit } from '@easyfaas/contracts/wire';
import type { Clock } from '@easyfaas/service-kit';
import { authorize } from '../../auth/authorize';
import { credentialOf, sourceOf } from '../../auth/credential';
import type { Authenticator, Principal } from '../../auth/principal';
import { unauthorized } from '../../auth/key-authenticator';
import { throttled } from '../../invoke/admission';
import type { ReplayGuard } from './replay-guard';
import { type SignatureScheme, verifySignature } from './signature';
import { TokenBuckets } from './token-bucket';

/** Who may send to a trigger. */
export class CallerCheck {
  readonly #deps: { authenticator: Authenticator; replays: ReplayGuard; clock: Clock };
  readonly #buckets: TokenBuckets;

  constructor(deps: { authenticator: Authenticator; replays: ReplayGuard; clock: Clock }) {
    this.#deps = deps;
    this.#buckets = new TokenBuckets(deps.clock);
  }

  /** @returns who brings an invoke key @throws ServiceError UNAUTHORIZED, FORBIDDEN, THROTTLED */
  async callerOf(request: IncomingMessage): Promise<Principal> {
    const principal = await this.#deps.authenticator.authenticate(credentialOf(request), sourceOf(request));
    authorize(principal, 'function:invoke');
    return principal;
  }

  /** @returns what is the same for the same request @throws ServiceError UNAUTHORIZED, the same for everything that can be wrong */
  assertSigned(scheme: SignatureScheme, secret: string | undefined, request: IncomingMessage, body: Buffer): string {
    const fingerprint = verifySignature(scheme, secret ?? '', { headers: request.headers, body }, this.#deps.clock.wallMs());
    if (fingerprint === undefined || secret === undefined || secret === '') throw unauthorized();
    return fingerprint;
  }

  /** @throws ServiceError UNAUTHORIZED */
  async assertNew(triggerId: string, fingerprint: string): Promise<void> {
    if (!(await this.#deps.replays.isNew(triggerId, fingerprint))) throw unauthorized();
  }

  /** @throws ServiceError THROTTLED */
  assertWithinRate(triggerId: string, limit: RateLimit | undefined): void {
    const waitMs = limit === undefined ? 0 : this.#buckets.take(triggerId, limit);
    if (waitMs === 0 || limit === undefined) return;
    const text = `This trigger takes ${limit.RequestsPerSecond} requests a second (${limit.Burst} at once) here; try again later.`;
    throw throttled('TriggerRateExceeded', text, Math.max(1, Math.ceil(waitMs / 1000)));
  }
}
