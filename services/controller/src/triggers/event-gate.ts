import { randomUUID } from 'node:crypto';
import { type StoredTrigger, TRIGGER_LIMITS } from '@easyfaas/contracts/wire';
import { type Logger, ServiceError, asServiceError, type Clock } from '@easyfaas/service-kit';
import type { EventIntake } from '../async/event-intake';
import type { InvocationResult, Invoker } from '../invoke/invoker';
import type { DeadMessages } from './dead-messages';
import { compileFilter } from './filter/event-filter';
import type { EventTest } from './filter/event-pattern';
import type { Acceptance, DeadMessage, SourceEvent, TriggerPort } from './source';
import type { TriggerStatusBoard } from './trigger-status';

export interface EventGateDeps {
  intake: EventIntake;
  invoker: Invoker;
  status: TriggerStatusBoard;
  deadMessages: DeadMessages;
  clock: Clock;
  logger: Logger;
  /** Takes the trigger out of service, for everybody. */
  pause: (trigger: StoredTrigger, reason: string) => Promise<void>;
}

/** Between one trigger's source and its function: filter, durable write, counters, error policy. */
export class EventGate implements TriggerPort {
  readonly #trigger: StoredTrigger;
  readonly #deps: EventGateDeps;
  readonly #test: EventTest;
  #failuresInARow = 0;
  #isPausing = false;
  /** Whether the status board knows that it works: told once, not with each event. */
  #isKnownToWork = false;

  constructor(trigger: StoredTrigger, deps: EventGateDeps) {
    this.#trigger = trigger;
    this.#deps = deps;
    this.#test = compileFilter(trigger.filter);
  }

  async accept(event: SourceEvent): Promise<Acceptance> {
    const { accountId, triggerId, functionName, qualifier, filter } = this.#trigger;
    const { payload, contentType, eventId, traceparent, tracestate, keyId } = event;
    if (filter !== undefined && !this.passes(event.body === undefined ? valueOf(payload) : event.body)) return { kind: 'filtered' };
    if (filter === undefined) this.#count('Received');
    if (payload.length > TRIGGER_LIMITS.eventBytes) {
      const reason = `The event has ${payload.length} bytes, the limit of asynchronous events is ${TRIGGER_LIMITS.eventBytes}.`;
      await this.bury({ messageId: eventId ?? randomUUID(), payload, contentType, reason });
      return { kind: 'dead' };
    }
    try {
      const { requestId, isDuplicate } = await this.#deps.intake.accept({
        accountId,
        functionName,
        qualifier,
        payload,
        contentType,
        source: `trigger:${triggerId}`,
        keyId,
        ...(eventId === undefined ? {} : { idempotencyKey: `${triggerId}@${eventId}` }),
        traceparent,
        tracestate,
        depth: 0,
      });
      this.#count('Accepted');
      this.work();
      return { kind: 'accepted', invocationId: requestId, isDuplicate };
    } catch (error) {
      // The same event under another wrapping, such as a repeated delivery with other headers: its id is what counts.
      if (eventId !== undefined && error instanceof ServiceError && error.code === 'IDEMPOTENCY_MISMATCH') {
        return { kind: 'accepted', invocationId: '', isDuplicate: true };
      }
      this.#count('Failed');
      this.fail(error);
      throw error;
    }
  }

  passes(body: unknown): boolean {
    this.#count('Received');
    if (this.#test(body)) return true;
    this.#count('Filtered');
    return false;
  }

  async call(payload: Buffer, contentType: string): Promise<InvocationResult> {
    const { accountId, functionName, qualifier } = this.#trigger;
    const result = await this.#deps.invoker.invoke({
      accountId,
      functionName,
      qualifier,
      payload,
      contentType,
      requestId: randomUUID(),
      invokeType: 'RequestResponse',
      source: `trigger:${this.#trigger.triggerId}`,
    });
    if (result.kind === 'success') {
      this.#count('Accepted');
      this.work();
      return result;
    }
    this.#count('Failed');
    if (result.kind === 'platform-error') this.fail(result.error);
    else if (result.kind === 'function-error') this.fail(new ServiceError('FUNCTION_FAILED', `The function failed: ${result.errorType}.`));
    return result;
  }

  async bury(message: DeadMessage): Promise<void> {
    const { accountId, triggerId } = this.#trigger;
    await this.#deps.deadMessages.add(accountId, triggerId, message);
    this.#count('DeadLettered');
    this.#deps.logger.warn('a message became a dead letter', { triggerId, messageId: message.messageId, reason: message.reason });
  }

  fail(thrown: unknown): void {
    const { accountId, triggerId, errorPolicy, functionName } = this.#trigger;
    const { clock, status, logger } = this.#deps;
    const error = asServiceError(thrown);
    this.#isKnownToWork = false;
    this.#failuresInARow += 1;
    status.note(accountId, triggerId, { At: new Date(clock.wallMs()).toISOString(), Code: error.code, Message: error.message });
    if (this.#failuresInARow === 1 || this.#failuresInARow % 100 === 0) logger.warn('trigger fails', { triggerId, error });
    const limit = errorPolicy.PauseAfterFailures ?? 0;
    if (error.code === 'FUNCTION_NOT_FOUND') {
      this.#pauseSoon(`Its function ${functionName} (${this.#trigger.qualifier}) is not there any more.`);
    } else if (limit > 0 && this.#failuresInARow >= limit) {
      this.#pauseSoon(`${this.#failuresInARow} failures in a row (PauseAfterFailures), the last one: ${error.message}`);
    }
  }

  work(): void {
    this.#failuresInARow = 0;
    if (this.#isKnownToWork) return;
    this.#isKnownToWork = true;
    this.#deps.status.note(this.#trigger.accountId, this.#trigger.triggerId, 'works');
  }

  async pause(reason: string): Promise<void> {
    this.#isPausing = true;
    await this.#deps.pause(this.#trigger, reason);
  }

  skip(count: number): void {
    if (count > 0) this.#deps.status.count(this.#trigger.accountId, this.#trigger.triggerId, 'Skipped', count);
  }

  #pauseSoon(reason: string): void {
    if (this.#isPausing) return;
    this.pause(reason.slice(0, 500)).catch((error: unknown) => {
      this.#isPausing = false;
      this.#deps.logger.error('trigger could not be paused', { triggerId: this.#trigger.triggerId, error });
    });
  }

  #count(counter: 'Received' | 'Filtered' | 'Accepted' | 'Failed' | 'DeadLettered'): void {
    this.#deps.status.count(this.#trigger.accountId, this.#trigger.triggerId, counter);
  }
}

/** What a filter can look into; a payload that is not JSON is a text. */
function valueOf(payload: Buffer): unknown {
  const text = payload.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
