import { type HttpHead, LIMITS, ProtocolError } from '@easyfaas/contracts/wire';
import { asServiceError } from '@easyfaas/service-kit';
import { ByteQueue } from './byte-queue';
import type { Call } from './call';
import { type Outcome, streamTooLarge } from './outcome';

/** What a function says of its answer before the first piece of it. */
export interface AnswerHead {
  contentType: string;
  /** Not checked. */
  http: HttpHead | undefined;
}

/** Whoever takes an answer in pieces. After {@link begin} the call's outcome only tells how the answer ended; it has no body. */
export interface AnswerSink {
  /**
   * The first piece is there.
   * @throws ServiceError when the answer cannot be passed on like this: the call ends with it
   */
  begin(call: Call, head: AnswerHead): void;
  /**
   * @param bytes belong to the sink from now on
   * @returns false when no more should come until {@link AnswerStream.resume}; the rest of what is allowed may come all the same
   */
  write(bytes: Buffer): boolean;
}

export interface AnswerStreamOptions {
  sink: AnswerSink;
  /** Of the whole answer, bytes. */
  limitBytes: number;
  /** Monotonic, ms. */
  nowMs: () => number;
  /** The client is told, the function is made to stop. */
  cutOff: (call: Call, outcome: Outcome) => void;
}

/** So much has to be owed before the function is told that it may send more: a WINDOW per piece would be half of all frames. */
const WORTH_TELLING_BYTES = LIMITS.streamWindowBytes / 2;

/**
 * One streamed answer on its way from a container to a client. Nothing here waits: what a client has not taken lies in a queue
 * that is never longer than what the function was allowed to send, and it is allowed more when the client has taken some.
 * So a slow client holds up its own call, and no other call of the same connection.
 */
export class AnswerStream {
  readonly #call: Call;
  readonly #options: AnswerStreamOptions;
  readonly #waiting = new ByteQueue();
  #allow: (bytes: number) => void = () => undefined;
  #isPaused = false;
  /** The function may send so many more. */
  #windowBytes: number = LIMITS.streamWindowBytes;
  /** The client has taken so many for which the function was not allowed others yet. */
  #owedBytes = 0;
  /** Monotonic, ms; undefined until the function has begun to answer in pieces. */
  firstByteAtMs: number | undefined;
  contentType = '';
  /** What the function has sent. */
  bytes = 0;

  constructor(call: Call, options: AnswerStreamOptions) {
    this.#call = call;
    this.#options = options;
  }

  get hasBegun(): boolean {
    return this.firstByteAtMs !== undefined;
  }

  /** The call was sent to a container. @param allow tells the function that it may send so many bytes more */
  connect(allow: (bytes: number) => void): void {
    this.#allow = allow;
    this.#windowBytes = LIMITS.streamWindowBytes;
  }

  /**
   * @param head of the first piece
   * @throws ProtocolError when it is more than was allowed
   */
  take(head: AnswerHead, body: Buffer): void {
    if (body.length > this.#windowBytes) throw new ProtocolError('more of a streamed answer than was allowed');
    this.#windowBytes -= body.length;
    const { sink, limitBytes, nowMs, cutOff } = this.#options;
    const call = this.#call;
    // Nobody wants it: the function was told, and is not allowed to send any more.
    if (call.phase === 'settled' || call.isAbandoned) return;
    if (this.firstByteAtMs === undefined) {
      this.firstByteAtMs = nowMs();
      this.contentType = head.contentType;
      try {
        sink.begin(call, head);
      } catch (error) {
        this.firstByteAtMs = undefined;
        return cutOff(call, { kind: 'platform-error', error: asServiceError(error) });
      }
    }
    const isWithin = this.bytes + body.length <= limitBytes;
    const kept = isWithin ? body : body.subarray(0, limitBytes - this.bytes);
    this.bytes += kept.length;
    if (this.#isPaused) this.#waiting.push(kept);
    else this.#pass(kept);
    if (!isWithin) cutOff(call, streamTooLarge(limitBytes));
  }

  /** The client has taken what it was sent. */
  resume(): void {
    this.#isPaused = false;
    if (this.#waiting.bytes > 0) this.#pass(this.#waiting.takeAll());
    else this.#allowMore();
  }

  /** The function sends no more: what waits goes out, whether or not the client is slow. */
  flush(): void {
    if (this.#waiting.bytes > 0) this.#options.sink.write(this.#waiting.takeAll());
    this.#allow = () => undefined;
  }

  #pass(bytes: Buffer): void {
    this.#isPaused = !this.#options.sink.write(bytes);
    this.#owedBytes += bytes.length;
    if (!this.#isPaused) this.#allowMore();
  }

  #allowMore(): void {
    if (this.#owedBytes < WORTH_TELLING_BYTES) return;
    const bytes = this.#owedBytes;
    this.#owedBytes = 0;
    this.#windowBytes += bytes;
    this.#allow(bytes);
  }
}
