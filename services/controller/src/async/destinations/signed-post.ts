import { createHmac } from 'node:crypto';
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { ServiceError } from '@easyfaas/service-kit';
import { type UrlRules, notAllowed } from './url-rules';

export interface SignedPost {
  url: URL;
  body: Buffer;
  /** Without one the request is not signed. */
  secret?: string | undefined;
  /** Instead of and beside the usual ones. */
  headers?: Record<string, string>;
  /** Names the delivery; the same in every try. */
  deliveryId: string;
  wallMs: number;
}

export interface PostAnswer {
  status: number;
  retryAfter: string | undefined;
}

/** Everything, from the look-up of the name to the answer's last byte, ms. */
const DEADLINE_MS = 10_000;
/** Of an answer; nobody reads it. */
const ANSWER_BYTES = 64 * 1024;

/** As the signature of webhooks, see docs/guides/async.md: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. */
export function signatureOf(secret: string, body: Buffer, wallMs: number): string {
  const seconds = Math.floor(wallMs / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex')}`;
}

/**
 * Posts to a URL of a user: no redirects, no connection to an address that is not public, whatever its name says at this very
 * moment.
 * @throws ServiceError URL_NOT_ALLOWED, DEADLINE_EXCEEDED; Error when there was no answer
 */
export function signedPost({ url, body, secret, headers, deliveryId, wallMs }: SignedPost, rules: UrlRules): Promise<PostAnswer> {
  rules.check(url.href);
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, {
      method: 'POST',
      // No agent: a connection must not outlive the check of its address.
      agent: false,
      lookup: checkedLookup(url.href, rules),
      headers: {
        'Content-Type': 'application/json',
        ...headers,
        'Content-Length': body.length,
        'User-Agent': 'EasyFaaS',
        'X-Easyfaas-Delivery': deliveryId,
        ...(secret === undefined ? {} : { 'X-Easyfaas-Signature': signatureOf(secret, body, wallMs) }),
      },
    });
    const timer = setTimeout(() => {
      request.destroy(new ServiceError('DEADLINE_EXCEEDED', `The endpoint did not answer within ${DEADLINE_MS / 1000} s.`));
    }, DEADLINE_MS);
    const end = (finish: () => void): void => {
      clearTimeout(timer);
      finish();
    };
    request.on('error', (error) => end(() => reject(error)));
    request.on('response', (response) => {
      const answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES) request.destroy();
      });
      // What it says besides its status is not waited for longer than the deadline, and not kept.
      response.on('close', () => end(() => resolve(answer)));
      response.on('error', () => end(() => resolve(answer)));
    });
    request.end(body);
  });
}

/** Every address that a name has must be one that may be called; the connection is made to one of those that were checked. */
function checkedLookup(text: string, rules: UrlRules): LookupFunction {
  return (hostname: string, options: LookupOptions, done: (error: NodeJS.ErrnoException | null, ...found: never[]) => void) => {
    const answer = done as (error: Error | null, address?: string | LookupAddress[], family?: number) => void;
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return answer(error);
      const isTrusted = rules.isAllowedHost(hostname);
      const wrong = isTrusted ? undefined : addresses.find(({ address }) => !rules.isAllowedAddress(address));
      if (wrong !== undefined) return answer(notAllowed(text, `${hostname} is at ${wrong.address}, which is not a public address`));
      if (options.all === true) return answer(null, addresses);
      const [first] = addresses;
      return answer(null, first?.address ?? '', first?.family ?? 4);
    });
  };
}
