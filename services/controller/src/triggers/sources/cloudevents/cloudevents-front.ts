import { createHash } from 'node:crypto';
import type { CloudEventsConfiguration } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { authorizeFunction } from '../../../auth/authorize';
import { type EventFrontDeps, assertEnabled, traceOf, triggerOf, withEventBody } from '../../web/event-front';
import { type WebRequest, sendAnswer, sendJson } from '../../web/web-request';
import { type CloudEventJson, readHttpEvents } from './cloudevent-reader';

/** `POST` and `OPTIONS /cloudevents/{account}/{id}`. All events of a request are durable before the 202. */
export async function takeCloudEvents(web: WebRequest, deps: EventFrontDeps): Promise<void> {
  const { request } = web;
  const open = await triggerOf('cloudevents', web, deps);
  const { trigger, secrets, port } = open;
  const { Auth, AllowedOrigins, RateLimit } = trigger.configuration as unknown as Required<CloudEventsConfiguration>;
  if (request.method === 'OPTIONS') return answerHandshake(web, AllowedOrigins, RateLimit.RequestsPerSecond);
  let keyId: string | undefined;
  if (Auth === 'key') {
    const caller = await deps.callers.callerOf(request);
    if (caller.accountId !== trigger.accountId) throw new ServiceError('ROUTE_NOT_FOUND', 'No cloudevents trigger for this path.');
    authorizeFunction(caller, trigger.functionName);
    keyId = caller.keyId;
  }
  deps.callers.assertWithinRate(trigger.triggerId, RateLimit);
  await withEventBody(web, deps, async (body) => {
    if (Auth === 'hmac') deps.callers.assertSigned('generic', secrets['HmacSecret'], request, body);
    assertEnabled(open);
    const accepted = [];
    for (const event of readHttpEvents(request.headers, body)) {
      // CloudEvents 1.0, id: source and id together name an event.
      const eventId = createHash('sha256').update(`${event.source}\0${event.id}`).digest('hex');
      const payload = Buffer.from(JSON.stringify(event));
      const acceptance = await port.accept({
        payload,
        contentType: 'application/cloudevents+json',
        eventId,
        body: event,
        keyId,
        ...traceOf(request),
        ...ownTraceOf(event),
      });
      accepted.push({ Id: event.id, Status: acceptance.kind === 'accepted' && acceptance.isDuplicate ? 'duplicate' : acceptance.kind });
    }
    sendJson(web, 202, { Events: accepted });
  });
}

/** The extension "distributed tracing" of CloudEvents: where the event began, whoever carried it here. */
function ownTraceOf({ traceparent, tracestate }: CloudEventJson): { traceparent?: string; tracestate?: string | undefined } {
  if (typeof traceparent !== 'string') return {};
  return { traceparent, tracestate: typeof tracestate === 'string' ? tracestate : undefined };
}

/** The sender asks whether it may deliver here (HTTP 1.1 Web Hooks for Event Delivery, 4). */
function answerHandshake(web: WebRequest, allowedOrigins: readonly string[], requestsPerSecond: number): void {
  const origin = web.request.headers['webhook-request-origin'];
  if (typeof origin !== 'string' || !(allowedOrigins.includes('*') || allowedOrigins.includes(origin))) {
    throw new ServiceError(
      'FORBIDDEN',
      'This sender (WebHook-Request-Origin) may not deliver here; add it to AllowedOrigins of the trigger.',
    );
  }
  const perMinute = String(Math.floor(requestsPerSecond * 60));
  const headers = ['Allow', 'POST', 'WebHook-Allowed-Origin', origin, 'WebHook-Allowed-Rate', perMinute];
  sendAnswer(web, { status: 200, headers, body: Buffer.alloc(0) });
}
