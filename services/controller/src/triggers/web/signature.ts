import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export type SignatureScheme = 'generic' | 'github' | 'stripe' | 'slack';

export interface SignedRequest {
  headers: IncomingHttpHeaders;
  /** As it came, byte by byte. */
  body: Buffer;
}

/** Seconds that the clocks may differ and a request may be old (Stripe and Slack recommend 300). */
export const SIGNATURE_WINDOW_S = 300;

/**
 * Whether a request was signed with the secret within the window. Pure.
 * @returns what stays the same when exactly this request comes again; undefined when the signature is not good
 */
export function verifySignature(scheme: SignatureScheme, secret: string, request: SignedRequest, nowMs: number): string | undefined {
  const nowS = Math.floor(nowMs / 1000);
  switch (scheme) {
    case 'github':
      return verifyGithub(secret, request);
    case 'stripe':
      return verifyTimed(secret, textOf(request.headers['stripe-signature']), request.body, nowS);
    case 'slack':
      return verifySlack(secret, request, nowS);
    case 'generic':
      return verifyTimed(secret, textOf(request.headers['x-easyfaas-signature']), request.body, nowS);
  }
}

/** `X-Easyfaas-Signature` for a body, as {@link verifySignature} wants it with the scheme `generic`. */
export function genericSignature(secret: string, body: Buffer | string, timestampS: number): string {
  const signature = createHmac('sha256', secret).update(`${timestampS}.`).update(body).digest('hex');
  return `t=${timestampS},v1=${signature}`;
}

/** `t=<unix>,v1=<hex>[,v1=<hex>]` over `<t>.<body>`: Stripe's scheme, and ours. */
function verifyTimed(secret: string, header: string, body: Buffer, nowS: number): string | undefined {
  const pairs = header.split(',').map((part) => part.trim().split('='));
  const timestamps = pairs.filter(([name]) => name === 't').map(([, value = '']) => value);
  const signatures = pairs.filter(([name]) => name === 'v1').map(([, value = '']) => value);
  const [timestamp = ''] = timestamps;
  const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
  // All of them are compared, and the time is looked at last: how long it takes tells nothing.
  const good = signatures.slice(0, 4).map((signature) => equals(signature, expected));
  const isInTime = isWithinWindow(timestamp, nowS);
  return timestamps.length === 1 && isInTime && good.includes(true) ? `${timestamp}.${expected.toString('hex')}` : undefined;
}

function verifyGithub(secret: string, { headers, body }: SignedRequest): string | undefined {
  const header = textOf(headers['x-hub-signature-256']);
  const expected = createHmac('sha256', secret).update(body).digest();
  const isGood = equals(header.replace(/^sha256=/, ''), expected);
  return isGood && header.startsWith('sha256=') ? expected.toString('hex') : undefined;
}

function verifySlack(secret: string, { headers, body }: SignedRequest, nowS: number): string | undefined {
  const header = textOf(headers['x-slack-signature']);
  const timestamp = textOf(headers['x-slack-request-timestamp']);
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest();
  const isGood = equals(header.replace(/^v0=/, ''), expected);
  const isInTime = isWithinWindow(timestamp, nowS);
  return isGood && isInTime && header.startsWith('v0=') ? expected.toString('hex') : undefined;
}

function equals(hex: string, expected: Buffer): boolean {
  const given = /^[0-9a-f]{64}$/i.test(hex) ? Buffer.from(hex, 'hex') : Buffer.alloc(expected.length);
  return timingSafeEqual(given, expected);
}

function isWithinWindow(timestamp: string, nowS: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(nowS - Number(timestamp)) <= SIGNATURE_WINDOW_S;
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}
