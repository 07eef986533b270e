import { type Answer, invoke } from './stack';

/** How one call under load ended, as its client saw it. */
export interface Outcome {
  /** `ok`, the `errorType` of a function's failure, a code of ours, `no connection`, or `hang`. */
  kind: string;
  startedAtMs: number;
  tookMs: number;
  containerId: string | null;
  start: string | null;
}

export interface LoadOptions {
  /** Functions, called in turn by each client. */
  names: readonly string[];
  clients: number;
  payload?: unknown;
  /** A call that takes longer is a hang. */
  hangMs: number;
}

/** Calls functions over and over from several clients until {@link stop}. */
export class Load {
  readonly #outcomes: Outcome[] = [];
  readonly #clients: Promise<void>[];
  #isStopping = false;

  constructor(options: LoadOptions) {
    this.#clients = Array.from({ length: options.clients }, (_, index) => this.#run(options, index));
  }

  /** Calls that have ended so far. */
  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  /** Lets the calls in flight end. */
  async stop(): Promise<readonly Outcome[]> {
    this.#isStopping = true;
    await Promise.all(this.#clients);
    return this.#outcomes;
  }

  async #run({ names, payload, hangMs }: LoadOptions, client: number): Promise<void> {
    for (let turn = client; !this.#isStopping; turn++) {
      const outcome = await observe(names[turn % names.length] ?? '', payload, hangMs);
      this.#outcomes.push(outcome);
      // Nobody listens just now: a client that does not wait would only burn the processor that the restart needs.
      if (outcome.kind === 'no connection') await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Makes one call and tells how it ended; never throws. */
export async function observe(name: string, payload: unknown, hangMs: number): Promise<Outcome> {
  const startedAtMs = performance.now();
  let kind: string;
  let answer: Answer | undefined;
  try {
    answer = await invoke(name, payload ?? {}, { timeoutMs: hangMs });
    kind = kindOf(answer);
  } catch (error) {
    kind = error instanceof DOMException && error.name === 'TimeoutError' ? 'hang' : 'no connection';
  }
  return {
    kind,
    startedAtMs,
    tookMs: performance.now() - startedAtMs,
    containerId: answer?.headers.get('x-easyfaas-container') ?? null,
    start: answer?.headers.get('x-easyfaas-start') ?? null,
  };
}

function kindOf(answer: Answer): string {
  if (answer.status === 200 && answer.headers.get('x-easyfaas-function-error') === null) return 'ok';
  try {
    const body = answer.json<{ errorType?: string; error?: { code?: string } }>();
    return body.error?.code ?? body.errorType ?? `undocumented: ${answer.status} ${answer.text.slice(0, 200)}`;
  } catch (error) {
    return `undocumented: ${answer.status} ${String(error)}`;
  }
}

/** How often each kind occurred. */
export function tally(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of outcomes) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** The kinds that are none of the allowed ones. */
export function unexpected(outcomes: readonly Outcome[], allowed: readonly string[]): Record<string, number> {
  return tally(outcomes.filter(({ kind }) => !allowed.includes(kind)));
}
