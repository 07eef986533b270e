import type { StoredTrigger } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { EventIntake } from '../async/event-intake';
import type { DeadMessages, KeptDeadMessage } from './dead-messages';

export interface DeadMessageRedriveDeps {
  deadMessages: DeadMessages;
  intake: EventIntake;
}

export interface RedrivenMessages {
  redriven: { deadLetterId: string; invocationId: string }[];
  /** What cannot be made good, and why; it stays where it is. */
  refused: { deadLetterId: string; code: string; message: string }[];
  /** There are more; only when all were asked for. */
  hasMore: boolean;
}

/** Messages looked at in one request. */
const BATCH = 100;

/** Hands a trigger's dead letters to its function after all: as they are kept, each as one event, past filter and batch. */
export class DeadMessageRedrive {
  readonly #deps: DeadMessageRedriveDeps;

  constructor(deps: DeadMessageRedriveDeps) {
    this.#deps = deps;
  }

  /**
   * @param deadLetterIds undefined for all, oldest first
   * @param keyId of who asks for it
   * @throws ServiceError QUEUE_UNAVAILABLE, QUEUE_FULL, STORE_UNAVAILABLE: what was not reached yet is where it was
   */
  async redrive(trigger: StoredTrigger, deadLetterIds: readonly string[] | undefined, keyId: string): Promise<RedrivenMessages> {
    const { accountId, triggerId } = trigger;
    const { deadMessages } = this.#deps;
    const result: RedrivenMessages = { redriven: [], refused: [], hasMore: false };
    const ids = deadLetterIds ?? (await deadMessages.list(accountId, triggerId, { limit: BATCH })).map(({ deadLetterId }) => deadLetterId);
    for (const deadLetterId of ids) {
      try {
        const message = await deadMessages.read(accountId, triggerId, deadLetterId);
        const invocationId = await this.#accept(trigger, message, keyId);
        await deadMessages.remove(accountId, triggerId, [deadLetterId]);
        result.redriven.push({ deadLetterId, invocationId });
      } catch (error) {
        if (!(error instanceof ServiceError) || error.definition.retryable) throw error;
        result.refused.push({ deadLetterId, code: error.code, message: error.message });
      }
    }
    result.hasMore = deadLetterIds === undefined && ids.length === BATCH && result.redriven.length > 0;
    return result;
  }

  async #accept(
    { accountId, triggerId, functionName, qualifier }: StoredTrigger,
    message: KeptDeadMessage | undefined,
    keyId: string,
  ): Promise<string> {
    if (message === undefined) throw new ServiceError('DEAD_LETTER_NOT_FOUND', 'The trigger has no dead letter of that id.');
    const { deadLetterId, payload, contentType, isCut } = message;
    if (isCut) throw new ServiceError('PAYLOAD_TOO_LARGE', 'The message was too large; only its beginning is kept.');
    const { requestId } = await this.#deps.intake.accept({
      accountId,
      functionName,
      qualifier,
      payload,
      contentType,
      source: `trigger:${triggerId}`,
      keyId,
      // Two who redrive at once make one event, and so does one that was lost before it could remove the message.
      idempotencyKey: `${triggerId}@dead-letter ${deadLetterId}`,
    });
    return requestId;
  }
}
