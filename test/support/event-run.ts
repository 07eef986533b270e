import { check, type Verdict } from './checker';
import { eventually } from './eventually';
import type { Ledger } from './ledger';
import type { StackClient } from './stack-client';

/** What one client was told about one event. */
export interface Submission {
  id: string;
  /** How long its handler was asked to take. */
  ms: number;
  /** `accepted`, a code of ours, `no connection`, `hang`, or `undocumented: ...`. */
  kind: string;
  /** Of the platform, once it was accepted. */
  requestId: string | undefined;
  /** Since the epoch. */
  sentAtMs: number;
  tookMs: number;
}

let sequence = 0;

/** Events with unique ids for a function with LEDGER_HANDLER, and what became of them. */
export class EventRun {
  readonly #client: StackClient;
  readonly #ledger: Ledger;
  readonly #name: string;
  readonly #firstEntry: number;
  readonly #attempted: string[] = [];
  readonly submissions: Submission[] = [];
  /** Final states of accepted events, by their id. */
  readonly #endings = new Map<string, { status: string; result?: unknown }>();
  #clients: Promise<void>[] = [];
  #isStopping = false;

  constructor(client: StackClient, ledger: Ledger, name: string) {
    this.#client = client;
    this.#ledger = ledger;
    this.#name = name;
    this.#firstEntry = ledger.entries.length;
  }

  /** Hands in one event under a key of its own; never throws. Longer than `hangMs` is a hang. */
  async submit({ ms = 0, hangMs = 8000, id = `e${process.pid}-${++sequence}` } = {}): Promise<Submission> {
    this.#attempted.push(id);
    const startedAtMs = performance.now();
    const sentAtMs = Date.now();
    const [kind, requestId] = await this.#submit(id, ms, hangMs);
    const submission = { id, ms, kind, requestId, sentAtMs, tookMs: performance.now() - startedAtMs };
    this.submissions.push(submission);
    return submission;
  }

  /** Starts clients that hand in one event after the other until {@link finish}. */
  load({ clients, ms = 0, pauseMs }: { clients: number; ms?: number; pauseMs: number }): void {
    const run = async (): Promise<void> => {
      while (!this.#isStopping) {
        await this.submit({ ms });
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    this.#clients = Array.from({ length: clients }, run);
  }

  async finish(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#clients);
  }

  /** Waits for the end of all that was accepted; what has none by then is lost. */
  async untilEnded(deadlineMs: number): Promise<void> {
    const look = async (): Promise<void> => {
      for (const { id, requestId } of this.accepted) if (!this.#endings.has(id)) await this.#look(id, requestId);
    };
    await eventually(look, deadlineMs, 250).catch((error: Error) => {
      if (!error.message.startsWith('not ended')) throw error;
    });
  }

  get accepted(): readonly (Submission & { requestId: string })[] {
    return this.submissions.filter((each): each is Submission & { requestId: string } => each.requestId !== undefined);
  }

  get attempted(): number {
    return this.#attempted.length;
  }

  /** How clients were answered, and how what was accepted ended. */
  get tally(): Record<string, number> {
    const counts: Record<string, number> = {};
    const count = (kind: string): void => void (counts[kind] = (counts[kind] ?? 0) + 1);
    for (const { kind } of this.submissions) count(kind);
    for (const { status } of this.#endings.values()) count(status);
    return counts;
  }

  /** Every event that was answered 202 is owed a terminal state; with success, the result of its own handler. */
  verdict(): Verdict {
    const ended = [...this.#endings];
    return check({
      attempted: this.#attempted,
      accepted: this.accepted.map(({ id }) => id),
      executed: this.#ledger.entries.slice(this.#firstEntry).map(({ id }) => id),
      ended: ended.map(([id]) => id),
      succeeded: ended.filter(([id, { status, result }]) => status === 'succeeded' && result === id).map(([id]) => id),
    });
  }

  async #submit(id: string, ms: number, hangMs: number): Promise<[kind: string, requestId?: string]> {
    const headers = { 'X-Easyfaas-Invoke-Type': 'event', 'Idempotency-Key': id };
    try {
      const { status, text } = await this.#client.invoke(this.#name, { id, ms }, { headers, timeoutMs: hangMs });
      const body = JSON.parse(text) as { requestId?: string; error?: { code?: string } };
      if (status === 202 && body.requestId !== undefined) return ['accepted', body.requestId];
      return [body.error?.code ?? `undocumented: ${status} ${text.slice(0, 200)}`];
    } catch (error) {
      return [error instanceof DOMException && error.name === 'TimeoutError' ? 'hang' : 'no connection'];
    }
  }

  async #look(id: string, requestId: string): Promise<void> {
    const answer = await this.#client.call(`/v1/invocations/${requestId}`);
    const { status, result } = answer.json<{ status: string; result?: unknown }>();
    if (!['succeeded', 'failed', 'expired', 'cancelled'].includes(status)) throw new Error(`not ended: ${id} ${requestId} ${answer.text}`);
    this.#endings.set(id, { status, result });
  }
}
