import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock, Logger } from '@easyfaas/service-kit';
import { RevalidatingCache } from '../../revalidating-cache';
import { accessKeyIdOf, accessKeyOf, keyIdOfAccessKey } from '../access-key';
import type { KeySeal } from '../key-seal';
import type { KeyStore } from '../key-store';
import type { Authenticator, Principal } from '../principal';
import { hasSignatureOf } from './sign-request';
import { SignatureError } from './signature-error';
import { isUnsignedPayload, readSignedRequest, type SignedRequest } from './signed-request';

export interface SignatureAuthenticatorOptions {
  store: Pick<KeyStore, 'find' | 'onRevoked' | 'onGap'>;
  seal: KeySeal;
  /** Knows keys; what holds for a key holds for what is signed with it. */
  authenticator: Authenticator;
  clock: Clock;
  logger: Logger;
}

/** Who signed a request, and its body when that had to be read. */
export interface SignedCaller {
  principal: Principal;
  body: Buffer | undefined;
}

const KEYS_REMEMBERED = 10_000;
/** Takes the place of the key of an id that nobody has, so that an unknown id costs the same steps. */
const NOBODYS_SECRET = 'A'.repeat(43);

/**
 * Checks AWS Signature Version 4 in its header form. A request is believed when it is signed with a key of ours, the signature is not
 * older than five minutes and, unless it says UNSIGNED-PAYLOAD, covers the body; then it counts as brought by that key.
 */
export class SignatureAuthenticator {
  readonly #options: SignatureAuthenticatorOptions;
  readonly #credentials: RevalidatingCache<readonly string[]>;

  constructor(options: SignatureAuthenticatorOptions) {
    this.#options = options;
    const { store, clock, logger } = options;
    this.#credentials = new RevalidatingCache<readonly string[]>({
      load: (keyId) => this.#load(keyId),
      clock,
      freshMs: 5000,
      graceMs: 10_000,
      negativeMs: 0,
      outageMs: 24 * 3_600_000,
      capacity: KEYS_REMEMBERED,
      onBackgroundError: (error) => logger.warn('key could not be looked up again', { error }),
    });
    store.onRevoked((keyId) => this.#credentials.invalidate(keyId));
    store.onGap(() => this.#credentials.expireAll());
  }

  /**
   * @param readBody reads all of it; called only when the signature cannot be checked, or the body not be believed, without it
   * @throws SignatureError, and ServiceError THROTTLED, STORE_UNAVAILABLE, SECRET_UNREADABLE and what `readBody` throws
   */
  async authenticate(request: IncomingMessage, source: string, readBody: () => Promise<Buffer>): Promise<SignedCaller> {
    const { authenticator, clock } = this.#options;
    const signed = readSignedRequest(request, clock.wallMs());
    const keyId = keyIdOfAccessKey(signed.accessKeyId);
    const credentials = keyId === undefined ? undefined : await this.#credentials.get(keyId);
    // A signature that says the hash of its payload is checked before a byte of that is read.
    const early = signed.payloadHash === undefined && credentials !== undefined ? await readBody() : undefined;
    const credential = await signerOf(credentials ?? [`${accessKeyIdOf(keyId ?? '')}_${NOBODYS_SECRET}`], signed, early);
    if (credential === undefined || credentials === undefined) return this.#refuse(`${signed.accessKeyId}_${NOBODYS_SECRET}`, source);
    const principal = await authenticator.authenticate(credential, source);
    return { principal, body: early ?? (await this.#signedBody(signed, readBody)) };
  }

  async #signedBody(signed: SignedRequest, readBody: () => Promise<Buffer>): Promise<Buffer | undefined> {
    if (isUnsignedPayload(signed)) return undefined;
    const body = await readBody();
    if (createHash('sha256').update(body).digest('hex') === signed.payloadHash) return body;
    throw new SignatureError('InvalidSignatureException', "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }

  /** Counts it as a wrong key: guessing signatures is guessing keys. @throws always */
  async #refuse(wrongKey: string, source: string): Promise<never> {
    try {
      await this.#options.authenticator.authenticate(wrongKey, source);
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
    }
    throw new SignatureError(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }

  /** The key's secret and, after a rotation, the one before. */
  async #load(keyId: string): Promise<readonly string[] | undefined> {
    const { store, seal } = this.#options;
    const stored = await store.find(keyId);
    if (stored?.sealed === undefined) return undefined;
    const sealed = [stored.sealed, ...(stored.previous?.sealed === undefined ? [] : [stored.previous.sealed])];
    return sealed.map((each) => seal.open(keyId, each));
  }
}

/** Which of the keys the request was signed with. */
async function signerOf(credentials: readonly string[], signed: SignedRequest, body: Buffer | undefined): Promise<string | undefined> {
  for (const credential of credentials) {
    if (await hasSignatureOf(signed, accessKeyOf(credential)?.secretAccessKey ?? NOBODYS_SECRET, body)) return credential;
  }
  return undefined;
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'UNAUTHORIZED';
}
