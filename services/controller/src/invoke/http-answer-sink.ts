import type { ServerResponse } from 'node:http';
import { LIMITS } from '@easyfaas/contracts/wire';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import { throttled } from './admission';
import type { AnswerHead, AnswerSink } from './answer-stream';
import type { Call } from './call';
import type { PayloadBudget } from './payload-budget';

/** What all streamed answers over HTTP share. */
export interface StreamSettings {
  clock: Clock;
  /** A client that makes no room for this long is taken for gone, ms. */
  stallMs: number;
  /** Memory for what clients have not taken yet. */
  payloads: Pick<PayloadBudget, 'take' | 'give'>;
}

/** Passes a streamed answer on as the body of an HTTP response. */
export class HttpAnswerSink implements AnswerSink {
  readonly #response: ServerResponse;
  readonly #settings: StreamSettings;
  readonly #writeHead: (call: Call, head: AnswerHead) => void;
  #cancelStall: (() => void) | undefined;

  /** @param writeHead writes status and headers; throws ServiceError when the function's cannot be sent */
  constructor(response: ServerResponse, settings: StreamSettings, writeHead: (call: Call, head: AnswerHead) => void) {
    this.#response = response;
    this.#settings = settings;
    this.#writeHead = writeHead;
  }

  begin(call: Call, head: AnswerHead): void {
    const { payloads } = this.#settings;
    const response = this.#response;
    if (response.destroyed) throw new ServiceError('BAD_REQUEST', 'The client has gone.');
    if (!payloads.take(LIMITS.streamWindowBytes)) {
      const text = 'There is no memory for another streamed answer (EASYFAAS_PAYLOADS_MB); the function had begun.';
      throw throttled('PayloadMemoryExceeded', text, 1);
    }
    response.once('close', () => {
      this.#notStalled();
      payloads.give(LIMITS.streamWindowBytes);
    });
    this.#writeHead(call, head);
    response.on('drain', () => {
      this.#notStalled();
      call.answer?.resume();
    });
  }

  write(bytes: Buffer): boolean {
    if (bytes.length === 0) {
      this.#response.flushHeaders();
      return true;
    }
    const hasRoom = this.#response.write(bytes);
    if (!hasRoom && !this.#response.destroyed) this.#watchStall();
    return hasRoom;
  }

  /** The answer is complete. @param trailers name, value; for a client that asked for them */
  end(trailers?: [string, string][]): void {
    if (trailers !== undefined) this.#response.addTrailers(trailers);
    this.#response.end();
    if (!this.#response.writableFinished) this.#watchStall();
  }

  /**
   * The answer will never be complete: the connection is closed behind what there is, without the last chunk, which every client
   * notices. A trailer would be read by hardly any, and what came before it be taken for the whole.
   */
  abort(): void {
    const { socket } = this.#response;
    if (socket === null) return void this.#response.destroy();
    this.#watchStall();
    socket.destroySoon();
  }

  #watchStall(): void {
    const { clock, stallMs } = this.#settings;
    this.#cancelStall ??= clock.after(stallMs, () => this.#response.destroy());
  }

  #notStalled(): void {
    this.#cancelStall?.();
    this.#cancelStall = undefined;
  }
}
