import { type ClientRequest, type IncomingMessage, request } from 'node:http';

const TEXT_CHARACTERS_MAX = 200_000;

/** One call whose answer is looked at while it comes. */
export class StreamedCall {
  readonly #request: ClientRequest;
  readonly response: Promise<IncomingMessage>;
  /** Settles with `end`, or with `aborted` when the connection was closed before the answer was complete. */
  readonly end: Promise<'end' | 'aborted'>;
  #text = '';
  #bytes = 0;
  #wakeUps: (() => void)[] = [];

  constructor(url: string, options: { method?: string; headers?: Record<string, string>; body?: unknown; isPaused?: boolean } = {}) {
    const { method = 'POST', headers = {}, body, isPaused = false } = options;
    const outgoing = request(url, { method, agent: false, headers });
    this.#request = outgoing;
    this.response = new Promise((resolve, reject) => outgoing.once('response', resolve).once('error', reject));
    this.response.catch(() => undefined);
    this.end = this.response.then((response) => {
      if (!isPaused) this.resume(response);
      return new Promise((resolve) => {
        response.once('close', () => resolve(response.complete ? 'end' : 'aborted'));
        response.on('error', () => resolve('aborted'));
      });
    });
    this.end.catch(() => undefined);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  }

  /** Reads, from now on. */
  resume(response: IncomingMessage): void {
    response.on('data', (bytes: Buffer) => {
      this.#bytes += bytes.length;
      if (this.#text.length < TEXT_CHARACTERS_MAX) this.#text += bytes.toString('latin1');
      for (const wake of this.#wakeUps.splice(0)) wake();
    });
  }

  /** The beginning of what was received. */
  get text(): string {
    return this.#text;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Until this was received. The answer's end without it is an error. */
  async has(part: string): Promise<void> {
    while (!this.#text.includes(part)) {
      const ended = this.end.then((how) => how);
      const how = await Promise.race([new Promise<undefined>((resolve) => this.#wakeUps.push(() => resolve(undefined))), ended]);
      if (how !== undefined && !this.#text.includes(part)) throw new Error(`${how} without ${part}: ${this.#text.slice(0, 500)}`);
    }
  }

  /** Goes away, as a client that was closed. */
  abort(): void {
    this.#request.destroy();
  }
}
