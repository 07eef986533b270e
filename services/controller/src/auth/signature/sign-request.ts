import { timingSafeEqual } from 'node:crypto';
import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SignedRequest } from './signed-request';

const SHA256 = Hash.bind(null, 'sha256');

/**
 * Signs the same request again with the key that it claims to be signed with, and compares in constant time.
 * @param payload needed unless the request says its payload's hash beside its signature
 */
export async function hasSignatureOf(request: SignedRequest, secretAccessKey: string, payload: Uint8Array | undefined): Promise<boolean> {
  const { scope, accessKeyId, signedHeaders, signedAtMs } = request;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey },
    region: scope.region,
    service: scope.service,
    sha256: SHA256,
    applyChecksum: false,
  });
  const { path, query } = splitTarget(request.target);
  const host = signedHeaders['host'] ?? '';
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: host,
      path,
      query,
      headers: { ...signedHeaders },
      ...(payload === undefined ? {} : { body: payload }),
    },
    { signingDate: new Date(signedAtMs), signableHeaders: new Set(Object.keys(signedHeaders)) },
  );
  const [, expected = ''] = /Signature=([0-9a-f]{64})$/.exec(signed.headers['authorization'] ?? '') ?? [];
  return isSame(request.signature, expected);
}

/** A parameter that is given several times is a list. */
function splitTarget(target: string): { path: string; query: Record<string, string | string[]> } {
  const queryAt = target.indexOf('?');
  if (queryAt < 0) return { path: target, query: {} };
  const parameters = new URLSearchParams(target.slice(queryAt + 1));
  const query = Object.fromEntries(
    [...new Set(parameters.keys())].map((name): [string, string | string[]] => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
  return { path: target.slice(0, queryAt), query };
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.alloc(64), Buffer.alloc(64)];
  a.write(given, 'latin1');
  b.write(expected, 'latin1');
  return timingSafeEqual(a, b) && given.length === 64 && expected.length === 64;
}
