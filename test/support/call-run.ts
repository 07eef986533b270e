import { check, type Verdict } from './checker';
import type { Ledger } from './ledger';
import type { StackClient } from './stack-client';

/** How one call ended for its client. */
export interface CallEnding {
  id: string;
  name: string;
  /** `ok`, a code of ours, the `errorType` of a function's failure, `no connection`, `hang`, or `undocumented: ...`. */
  kind: string;
  /** What a failure said, cut. */
  text: string;
  startedAtMs: number;
  tookMs: number;
  start: string | null;
  containerId: string | null;
}

let sequence = 0;

/** Synchronous calls with unique ids to functions with {@link LEDGER_HANDLER}, and what became of them. */
export class CallRun {
  readonly #client: StackClient;
  readonly #ledger: Ledger;
  readonly #firstEntry: number;
  readonly #attempted: string[] = [];
  readonly endings: CallEnding[] = [];
  readonly #pending = new Set<Promise<CallEnding>>();
  #clients: Promise<void>[] = [];
  #isStopping = false;

  constructor(client: StackClient, ledger: Ledger) {
    this.#client = client;
    this.#ledger = ledger;
    this.#firstEntry = ledger.entries.length;
  }

  /** One call; never throws. Longer than `hangMs` is a hang. */
  call(name: string, { ms = 0, hangMs = 30_000 } = {}): Promise<CallEnding> {
    const id = `c${process.pid}-${++sequence}`;
    this.#attempted.push(id);
    const ending = this.#observe(id, name, ms, hangMs);
    this.#pending.add(ending);
    void ending.then((ended) => {
      this.#pending.delete(ending);
      this.endings.push(ended);
    });
    return ending;
  }

  /** Starts clients that call over and over, each function in turn, until {@link finish}. */
  load(names: readonly string[], options: { clients: number; ms?: number; pauseMs?: number; hangMs?: number }): void {
    const run = async (client: number): Promise<void> => {
      for (let turn = client; !this.#isStopping; turn++) {
        const { kind } = await this.call(names[turn % names.length] ?? '', options);
        const pauseMs = kind === 'no connection' ? 50 : (options.pauseMs ?? 0);
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    this.#clients = Array.from({ length: options.clients }, (_, index) => run(index));
  }

  /** Lets what is in flight end. */
  async finish(): Promise<readonly CallEnding[]> {
    this.#isStopping = true;
    await Promise.all(this.#clients);
    await Promise.all(this.#pending);
    return this.endings;
  }

  get attempted(): number {
    return this.#attempted.length;
  }

  get tally(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { kind } of this.endings) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /** Every call sent is owed an ending: an answer, or a connection that visibly breaks. */
  verdict(): Verdict {
    return check({
      attempted: this.#attempted,
      accepted: this.#attempted,
      executed: this.#ledger.entries.slice(this.#firstEntry).map(({ id }) => id),
      ended: this.endings.filter(({ kind }) => kind !== 'hang').map(({ id }) => id),
      succeeded: this.endings.filter(({ kind }) => kind === 'ok').map(({ id }) => id),
    });
  }

  async #observe(id: string, name: string, ms: number, hangMs: number): Promise<CallEnding> {
    const startedAtMs = performance.now();
    const ended = (kind: string, headers?: Headers, text = ''): CallEnding => ({
      id,
      name,
      kind,
      text: text.slice(0, 500),
      startedAtMs,
      tookMs: performance.now() - startedAtMs,
      start: headers?.get('x-easyfaas-start') ?? null,
      containerId: headers?.get('x-easyfaas-container') ?? null,
    });
    try {
      const answer = await this.#client.invoke(name, { id, ms }, { timeoutMs: hangMs });
      const { status, headers, text } = answer;
      return ended(text === JSON.stringify(id) ? 'ok' : kindOf(status, text), headers, text);
    } catch (error) {
      return ended(error instanceof DOMException && error.name === 'TimeoutError' ? 'hang' : 'no connection');
    }
  }
}

function kindOf(status: number, text: string): string {
  try {
    const body = JSON.parse(text) as { errorType?: string; error?: { code?: string } };
    return body.error?.code ?? body.errorType ?? `undocumented: ${status} ${text.slice(0, 200)}`;
  } catch (error) {
    return `undocumented: ${status} ${text.slice(0, 200)} (${String(error)})`;
  }
}
