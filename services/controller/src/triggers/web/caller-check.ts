import type { IncomingMessage } from 'node:http';
import type { RateLimit } from '@easyfaas/contracts/wire';
import type { Clock } from '@easyfaas/service-kit';
import { authorize } from '../../auth/authorize';
import { credentialOf, sourceOf } from '../../auth/credential';
import type { Authenticator, Principal } from '../../auth/principal';
import { unauthorized } from '../../auth/key-authenticator';
import type { SignatureAuthenticator } from '../../auth/signature/signature-authenticator';
import { isSigned } from '../../auth/signature/signed-request';
import { throttled } from '../../invoke/admission';
import type { ReplayGuard } from './replay-guard';
import { type SignatureScheme, verifySignature } from './signature';
import { TokenBuckets } from './token-bucket';

export interface CallerCheckDeps {
  authenticator: Authenticator;
  /** AWS's; absent: they are not looked at. */
  signatures?: Pick<SignatureAuthenticator, 'authenticate'> | undefined;
  replays: ReplayGuard;
  clock: Clock;
}

/** Who may send to a trigger. */
export class CallerCheck {
  readonly #deps: CallerCheckDeps;
  readonly #buckets: TokenBuckets;

  constructor(deps: CallerCheckDeps) {
    this.#deps = deps;
    this.#buckets = new TokenBuckets(deps.clock);
  }

  /**
   * @param readBody where a signature of AWS is as good as a key: it may be over the body
   * @returns who brings an invoke key, or signs with one
   * @throws ServiceError UNAUTHORIZED, FORBIDDEN, THROTTLED and what `readBody` throws
   */
  async callerOf(request: IncomingMessage, readBody?: () => Promise<Buffer>): Promise<Principal> {
    const principal = await this.#principalOf(request, readBody);
    authorize(principal, 'function:invoke');
    return principal;
  }

  async #principalOf(request: IncomingMessage, readBody: (() => Promise<Buffer>) | undefined): Promise<Principal> {
    const { authenticator, signatures } = this.#deps;
    if (signatures === undefined || readBody === undefined || !isSigned(request.headers)) {
      return authenticator.authenticate(credentialOf(request), sourceOf(request));
    }
    return (await signatures.authenticate(request, sourceOf(request), readBody)).principal;
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
