import { createHash } from 'node:crypto';
import type { WebhookConfiguration } from '@easyfaas/contracts/wire';
import { unauthorized } from '../../../auth/key-authenticator';
import { sourceOf } from '../../../auth/credential';
import { type EventFrontDeps, assertEnabled, traceOf, triggerOf, withEventBody } from '../../web/event-front';
import { httpEvent } from '../../web/http-event';
import { type WebRequest, sendJson } from '../../web/web-request';
import { bodyValue, deliveryId, slackChallenge } from './delivery';

/**
 * `POST /webhooks/{account}/{id}`: checks the signature over the body as it came, makes the delivery durable, answers 202. The same
 * delivery again runs nothing: 202 for services that repeat what they are not sure of, 401 for the generic scheme, where a
 * sender signs anew.
 */
export async function takeWebhook(web: WebRequest, deps: EventFrontDeps): Promise<void> {
  const { request } = web;
  const open = await triggerOf('webhook', web, deps);
  const { trigger, secrets, port } = open;
  const { Scheme, RateLimit } = trigger.configuration as unknown as Required<WebhookConfiguration>;
  deps.callers.assertWithinRate(trigger.triggerId, RateLimit);
  await withEventBody(web, deps, async (body) => {
    const fingerprint = deps.callers.assertSigned(Scheme, secrets['SigningSecret'], request, body);
    const value = bodyValue(request.headers, body);
    const challenge = slackChallenge(Scheme, value);
    if (challenge !== undefined) return sendJson(web, 200, { challenge });
    assertEnabled(open);
    const eventId = createHash('sha256')
      .update(deliveryId(Scheme, fingerprint, value))
      .digest('hex');
    const event = httpEvent({
      request,
      sourceIp: sourceOf(request),
      accountId: trigger.accountId,
      triggerId: trigger.triggerId,
      requestId: eventId,
      routeKey: '$default',
      rawPath: '/',
      rawQueryString: '',
      pathParameters: {},
      body,
      nowMs: deps.clock.wallMs(),
    });
    const accepted = await port.accept({
      payload: Buffer.from(JSON.stringify(event)),
      contentType: 'application/json',
      eventId,
      body: value,
      ...traceOf(request),
    });
    if (accepted.kind !== 'accepted') return sendJson(web, 202, { Status: accepted.kind });
    if (accepted.isDuplicate && Scheme === 'generic') throw unauthorized();
    sendJson(web, 202, { Status: accepted.isDuplicate ? 'duplicate' : 'accepted', InvocationId: accepted.invocationId });
  });
}
