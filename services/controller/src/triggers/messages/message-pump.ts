import { type SourceMessageFormat, TRIGGER_LIMITS } from '@easyfaas/contracts/wire';
import type { Clock } from '@easyfaas/service-kit';
import type { SourceTrigger, TriggerPort } from '../source';
import { batchResult } from './batch-result';
import { type ReadMessage, readMessage } from './message-format';
import type { MessageSupply, TakenMessage } from './message-supply';
import type { ReadableMessage, RecordShape } from './record-shape';

export interface MessagePumpOptions {
  trigger: Pick<SourceTrigger, 'triggerId' | 'batch' | 'errorPolicy'>;
  port: TriggerPort;
  supply: MessageSupply;
  format: SourceMessageFormat;
  /** What a function that takes batches sees. */
  shape: RecordShape;
  clock: Clock;
}

const IDLE_MS = 200;
const AFTER_FAILURE_MS = 2000;
const KEEP_EVERY_MS = 5000;
const MAX_ATTEMPTS = 5;
/** Without a batch: messages handed over at once. */
const TAKEN_AT_ONCE = 32;
/** A call takes 6 MiB; the records' frame and escapes need room. */
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Moves messages from a supply to a function. Without `Batch` each message is an event of its own, settled when it is durable. With
 * `Batch` the function is called with `{Records}` and its answer decides: what it did not get done comes again, and becomes a
 * dead letter after `MaxAttempts`. What cannot be read becomes a dead letter at once. Nothing ends the pump but `stop`.
 */
export class MessagePump {
  readonly #options: MessagePumpOptions;
  readonly #ended: Promise<void>;
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(options: MessagePumpOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    await this.#ended;
    await this.#options.supply.close();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      let pauseMs = IDLE_MS;
      try {
        const taken = await this.#take();
        if (taken.length > 0) {
          await this.#handle(taken);
          pauseMs = 0;
        }
        this.#options.port.work();
      } catch (error) {
        this.#options.port.fail(error);
        pauseMs = AFTER_FAILURE_MS;
      }
      if (pauseMs > 0 && !this.#isStopped) await this.#sleep(pauseMs);
    }
  }

  async #take(): Promise<TakenMessage[]> {
    const { trigger, supply, clock } = this.#options;
    const limit = trigger.batch.Size ?? TAKEN_AT_ONCE;
    const taken = await supply.take(limit);
    const untilMs = clock.monotonicMs() + (trigger.batch.WindowMs ?? 0);
    while (taken.length > 0 && taken.length < limit && clock.monotonicMs() < untilMs && !this.#isStopped) {
      await this.#sleep(Math.min(IDLE_MS, untilMs - clock.monotonicMs()));
      await supply.keep(taken);
      taken.push(...(await supply.take(limit - taken.length)));
    }
    return taken;
  }

  async #handle(taken: TakenMessage[]): Promise<void> {
    const { trigger, supply } = this.#options;
    const readable: ReadableMessage[] = [];
    const settled: TakenMessage[] = [];
    for (const message of taken) {
      const read = this.#read(message);
      if (read.kind === 'value') readable.push({ message, value: read.value, isBinary: read.isBinary });
      else {
        await this.#bury(message, read.reason);
        settled.push(message);
      }
    }
    if (settled.length > 0) await supply.settle(settled);
    if (trigger.batch.Size === undefined) await this.#handOver(readable);
    else for (const batch of inPieces(readable)) await this.#callWith(batch);
  }

  #read({ bytes }: TakenMessage): ReadMessage {
    if (bytes === undefined) return { kind: 'unreadable', reason: 'The message has no content where the trigger looks for it.' };
    if (bytes.length > TRIGGER_LIMITS.eventBytes) {
      return { kind: 'unreadable', reason: `The message has ${bytes.length} bytes, the limit is ${TRIGGER_LIMITS.eventBytes}.` };
    }
    return readMessage(this.#options.format, bytes);
  }

  /** Each is settled only when it is durable elsewhere; the others come again. */
  async #handOver(readable: readonly ReadableMessage[]): Promise<void> {
    const { port, supply } = this.#options;
    const failures: unknown[] = [];
    await Promise.all(
      readable.map(async ({ message, value }) => {
        try {
          const payload = Buffer.from(JSON.stringify(value));
          await port.accept({ payload, contentType: 'application/json', eventId: message.eventId ?? message.messageId, body: value });
          await supply.settle([message]);
        } catch (error) {
          failures.push(error);
          await supply.giveBack([message], 'The event could not be handed over.');
        }
      }),
    );
    if (failures.length > 0) throw failures[0];
  }

  async #callWith(batch: readonly ReadableMessage[]): Promise<void> {
    const { port, supply, shape } = this.#options;
    const passing = batch.filter((each) => port.passes(shape.filtered(each)));
    const filtered = batch.filter((each) => !passing.includes(each)).map(({ message }) => message);
    if (filtered.length > 0) await supply.settle(filtered);
    if (passing.length === 0) return;
    const messages = passing.map(({ message }) => message);
    const records = passing.map((each) => shape.recordOf(each));
    const stopKeeping = this.#keep(messages);
    const result = await port.call(Buffer.from(JSON.stringify({ Records: records })), 'application/json').finally(stopKeeping);
    const messageIds = messages.map(({ messageId }) => messageId);
    const { failed, reason } = batchResult(result, messageIds, shape.heedsFailures);
    await this.#settle(messages, failed, reason);
  }

  async #settle(messages: readonly TakenMessage[], failed: ReadonlySet<string>, reason: string): Promise<void> {
    const { supply, trigger } = this.#options;
    const maxAttempts = trigger.errorPolicy.MaxAttempts ?? MAX_ATTEMPTS;
    const done = messages.filter(({ messageId }) => !failed.has(messageId));
    const again: TakenMessage[] = [];
    for (const message of messages.filter(({ messageId }) => failed.has(messageId))) {
      if (message.attempt < maxAttempts) again.push(message);
      else {
        await this.#bury(message, `${reason} It was tried ${message.attempt} times (MaxAttempts).`);
        done.push(message);
      }
    }
    if (done.length > 0) await supply.settle(done);
    if (again.length > 0) await supply.giveBack(again, reason);
  }

  #bury({ messageId, bytes }: TakenMessage, reason: string): Promise<void> {
    return this.#options.port.bury({ messageId, payload: bytes ?? Buffer.alloc(0), contentType: 'application/octet-stream', reason });
  }

  /** While a function works on messages they are nobody else's. */
  #keep(messages: readonly TakenMessage[]): () => void {
    const { clock, supply, port } = this.#options;
    let cancel = (): void => undefined;
    const later = (): void => {
      cancel = clock.after(KEEP_EVERY_MS, () => {
        supply.keep(messages).catch((error: unknown) => port.fail(error));
        later();
      });
    };
    later();
    return () => cancel();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

function inPieces(readable: readonly ReadableMessage[]): ReadableMessage[][] {
  const pieces: ReadableMessage[][] = [];
  let bytes = Infinity;
  for (const each of readable) {
    const size = each.message.bytes?.length ?? 0;
    if (bytes + size > BATCH_BYTES) {
      pieces.push([]);
      bytes = 0;
    }
    pieces.at(-1)?.push(each);
    bytes += size;
  }
  return pieces;
}
