import type { IncomingHttpHeaders } from 'node:http';
import type { SignatureScheme } from '../../web/signature';

/**
 * What is the same when a service delivers the same event again. Stripe and Slack sign each attempt anew and name the event in the
 * signed body; a header that is not signed, such as GitHub's, is no proof of anything. Pure.
 * @param fingerprint of the signed request
 */
export function deliveryId(scheme: SignatureScheme, fingerprint: string, body: unknown): string {
  if (scheme === 'stripe') return memberText(body, 'id') ?? fingerprint;
  if (scheme === 'slack') return memberText(body, 'event_id') ?? fingerprint;
  return fingerprint;
}

/** Slack asks once whether an address is ours. @returns what it wants to hear */
export function slackChallenge(scheme: SignatureScheme, body: unknown): string | undefined {
  if (scheme !== 'slack' || memberText(body, 'type') !== 'url_verification') return undefined;
  return memberText(body, 'challenge');
}

/** The body for filters: JSON where it is JSON, also in a form's `payload` as GitHub and Slack send it; else text. */
export function bodyValue({ 'content-type': contentType = '' }: IncomingHttpHeaders, body: Buffer): unknown {
  const text = body.toString();
  const isForm = contentType.startsWith('application/x-www-form-urlencoded');
  const form = isForm ? new URLSearchParams(text) : undefined;
  const candidate = form?.get('payload') ?? text;
  try {
    return JSON.parse(candidate);
  } catch {
    return form === undefined ? text : Object.fromEntries(form);
  }
}

function memberText(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const member = (value as Record<string, unknown>)[name];
  return typeof member === 'string' && member !== '' && member.length <= 1024 ? member : undefined;
}
