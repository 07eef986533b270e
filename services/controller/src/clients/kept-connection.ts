import { type Socket, connect } from 'node:net';
import { type PlainAnswer, PlainAnswerReader, ProtocolError } from '@easyfaas/contracts/wire';

/** One request and who waits for its answer. */
export interface PendingExchange {
  /** Head and body. */
  readonly text: string;
  onAnswer(answer: PlainAnswer): void;
  /** @param isUnheard the connection had been used before and ended without a byte of an answer: it was closed while it was idle */
  onFailed(error: Error, isUnheard: boolean): void;
}

/** One container, or what a node is like, is about 2 KB. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/** A connection to the pod's other service, kept open. It carries one exchange at a time; between them it keeps no process alive. */
export class KeptConnection {
  readonly #socket: Socket;
  readonly #onFree: (connection: KeptConnection) => void;
  readonly #answers = new PlainAnswerReader(ANSWER_BYTES_MAX);
  #pending: PendingExchange | undefined;
  #hasAnswered = false;
  /** Bytes have come since the last request. */
  #isHeard = false;
  #error: Error | undefined;

  /** @param onFree the answer was handed on: another exchange may begin @param onClosed called once */
  constructor(socketPath: string, onFree: (connection: KeptConnection) => void, onClosed: (connection: KeptConnection) => void) {
    this.#onFree = onFree;
    this.#socket = connect(socketPath);
    this.#socket
      .on('data', (chunk) => this.#onData(chunk))
      .on('error', (error) => (this.#error ??= error))
      .on('close', () => {
        onClosed(this);
        this.#fail();
      });
  }

  begin(pending: PendingExchange): void {
    this.#pending = pending;
    this.#isHeard = false;
    this.#socket.ref();
    this.#socket.write(pending.text);
  }

  /** Whoever waits for an answer gets the error. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#isHeard = true;
    const answer = this.#read(chunk);
    const pending = this.#pending;
    if (answer === undefined || pending === undefined) return;
    this.#pending = undefined;
    this.#hasAnswered = true;
    if (answer.isLast) this.#socket.destroy();
    else {
      this.#socket.unref();
      this.#onFree(this);
    }
    pending.onAnswer(answer);
  }

  #read(chunk: Buffer): PlainAnswer | undefined {
    try {
      if (this.#pending === undefined) throw new ProtocolError('an answer that nobody has asked for');
      return this.#answers.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.destroy(error);
      return undefined;
    }
  }

  #fail(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    const error = this.#error ?? Object.assign(new Error('the connection was closed without an answer'), { code: 'ECONNRESET' });
    pending?.onFailed(error, this.#hasAnswered && !this.#isHeard);
  }
}
