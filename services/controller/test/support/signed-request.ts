import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AccessKey } from '../../src/auth/access-key';

export interface Signed {
  by: AccessKey;
  /** POST with it, GET without. */
  body: string;
  /** Whether `X-Amz-Content-Sha256` tells the hash of the body. */
  saysHash: boolean;
}

/** A request for `fetch`, signed as clients of function URLs sign. */
export async function signedRequest(
  address: string,
  { by, body, saysHash = true }: Pick<Signed, 'by'> & Partial<Signed>,
): Promise<{ url: string; method: string; headers: Record<string, string>; body?: string }> {
  const url = new URL(address);
  const signer = new SignatureV4({
    credentials: by,
    region: 'eu-west-3',
    service: 'lambda',
    sha256: Hash.bind(null, 'sha256'),
    applyChecksum: saysHash,
  });
  const query = Object.fromEntries([...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name)]));
  const method = body === undefined ? 'GET' : 'POST';
  const content = body === undefined ? {} : { body };
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query,
    headers: { host: url.host, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...content,
  });
  return { url: address, method, headers: signed.headers, ...content };
}
