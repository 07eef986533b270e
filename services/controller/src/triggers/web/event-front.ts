import type { IncomingMessage } from 'node:http';
import { TRIGGER_LIMITS } from '@easyfaas/contracts/wire';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import type { PayloadBudget } from '../../invoke/payload-budget';
import type { CallerCheck } from './caller-check';
import type { OpenTrigger, OpenTriggers } from './open-triggers';
import { parseWebPath } from './web-path';
import { type WebRequest, withBody } from './web-request';

/** What a sender says of the trace that its events belong to. */
export function traceOf({ headers }: IncomingMessage): { traceparent?: string; tracestate?: string } {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string') return {};
  return { traceparent, ...(typeof tracestate === 'string' ? { tracestate } : {}) };
}

export interface EventFrontDeps {
  triggers: OpenTriggers;
  callers: CallerCheck;
  payloads: PayloadBudget;
  clock: Clock;
}

/** The trigger of a path such as `/webhooks/{account}/{id}`. Without one, who has no key learns nothing. */
export async function triggerOf(source: string, { request }: WebRequest, { triggers, callers }: EventFrontDeps): Promise<OpenTrigger> {
  const path = parseWebPath(request.url ?? '');
  const triggerId = path?.rest.slice(1) ?? '';
  const found = path === undefined ? undefined : await triggers.find(source, path.accountId, triggerId);
  if (found === undefined) {
    await callers.callerOf(request);
    throw new ServiceError('ROUTE_NOT_FOUND', `No ${source} trigger for this path.`);
  }
  return found;
}

/** @throws ServiceError TRIGGER_PAUSED: a sender that tries again later loses nothing */
export function assertEnabled({ trigger }: OpenTrigger): void {
  if (trigger.isEnabled) return;
  throw new ServiceError('TRIGGER_PAUSED', 'This trigger is paused; try again later.', { headers: { 'Retry-After': '60' } });
}

/** @throws ServiceError PAYLOAD_TOO_LARGE, THROTTLED */
export function withEventBody<T>(web: WebRequest, { payloads }: EventFrontDeps, use: (body: Buffer) => Promise<T>): Promise<T> {
  return withBody(web, { limitBytes: TRIGGER_LIMITS.eventBytes, payloads }, use);
}
