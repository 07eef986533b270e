import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SchemaError, parse, podClaimsSchema } from '@easyfaas/contracts/schemas';
import type { PodClaims } from '@easyfaas/contracts/wire';

/** What a request between pods is about, besides its claims. */
export interface SignedTarget {
  method: string;
  /** With its query, as it stands in the request line. */
  path: string;
}

/** Who the receiver is, and when. */
export interface ReceiverFacts {
  podId: string;
  bootId: string;
  /** By Redis's clock, which all pods share. */
  nowMs: number;
}

export type Verdict = { claims: PodClaims; refusal?: undefined } | { refusal: string };

const VERSION = 'v1';
/** A signature is good for so long, both ways; a nonce is remembered for twice that. The clock is one for all: Redis's. */
export const CLAIMS_MS = 30_000;
/** A client's context of 4 KiB, encoded twice, and the rest. */
const HEADER_CHARACTERS = 16 * 1024;

/** The value of the header. */
export function signClaims(key: Buffer, target: SignedTarget, claims: PodClaims): string {
  const encoded = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${VERSION}.${encoded}.${signatureOf(key, target, encoded).toString('hex')}`;
}

/**
 * Judges a request by its header. The body's hash is among the claims, and has still to be compared when the body is there;
 * that the nonce is new has to be asked as well.
 * @returns the claims, or why the request is refused; for the log, not for whoever sent it
 */
export function verifyClaims(key: Buffer, target: SignedTarget, header: string | undefined, receiver: ReceiverFacts): Verdict {
  if (header === undefined) return { refusal: 'unsigned' };
  const [version, encoded, signature, ...rest] = header.split('.');
  const isShaped = version === VERSION && encoded !== undefined && /^[0-9a-f]{64}$/.test(signature ?? '') && rest.length === 0;
  if (!isShaped || header.length > HEADER_CHARACTERS) return { refusal: 'malformed' };
  if (!timingSafeEqual(Buffer.from(signature as string, 'hex'), signatureOf(key, target, encoded))) return { refusal: 'wrong signature' };
  const claims = readClaims(encoded);
  if (claims === undefined) return { refusal: 'claims that make no sense' };
  if (claims.to !== receiver.podId) return { refusal: `meant for the pod ${claims.to}` };
  if (claims.toBoot !== receiver.bootId) return { refusal: 'meant for an earlier start of this pod' };
  const ageMs = receiver.nowMs - claims.atMs;
  if (Math.abs(ageMs) > CLAIMS_MS) return { refusal: `signed ${Math.round(ageMs)} ms ago` };
  return { claims };
}

/** Hex. */
export function bodyHash(chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/** Of no body. */
export const EMPTY_SHA256 = bodyHash([]);

function signatureOf(key: Buffer, { method, path }: SignedTarget, encoded: string): Buffer {
  return createHmac('sha256', key).update(`${VERSION}\n${method}\n${path}\n${encoded}`).digest();
}

/** Signed by a pod, so of a pod's making; of another version perhaps. */
function readClaims(encoded: string): PodClaims | undefined {
  try {
    return parse(podClaimsSchema, JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof SchemaError) return undefined;
    throw error;
  }
}
