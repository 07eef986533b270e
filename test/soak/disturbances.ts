import { LEDGER_HANDLER } from '../support/ledger';
import type { LocalStack } from '../support/local-stack';
import { seededRandom } from '../support/seeded-random';

/** How often each kind comes, in parts; kills of services are the rare ones. */
const PARTS = { reset: 6, resize: 6, deploy: 5, 'kill container': 4, 'kill funclet': 1, 'kill controller': 1 };
export type Disturbance = keyof typeof PARTS;

const RESIZED_MB = [128, 192, 256] as const;

/** What happens to a machine in its days, in an order that a seed gives. */
export class Disturbances {
  readonly counts: Record<string, number> = {};
  readonly #stack: LocalStack;
  readonly #names: readonly string[];
  readonly #random: () => number;
  #sequence = 0;

  constructor(stack: LocalStack, names: readonly string[], seed: number) {
    this.#stack = stack;
    this.#names = names;
    this.#random = seededRandom(seed);
  }

  async next(): Promise<void> {
    const what = this.#choose();
    const done = await this.#cause(what);
    const key = done ? what : `${what}, nothing to do`;
    this.counts[key] = (this.counts[key] ?? 0) + 1;
  }

  #choose(): Disturbance {
    const kinds = Object.entries(PARTS) as [Disturbance, number][];
    let left = this.#random() * kinds.reduce((sum, [, parts]) => sum + parts, 0);
    for (const [kind, parts] of kinds) if ((left -= parts) < 0) return kind;
    return 'reset';
  }

  /** @returns false when there was nothing to do it to */
  async #cause(what: Disturbance): Promise<boolean> {
    const { client } = this.#stack;
    if (what === 'kill funclet') {
      await this.#stack.funclet.kill();
      this.#stack.startFunclet();
      await this.#stack.untilReady(60_000);
      return true;
    }
    if (what === 'kill controller') {
      await this.#stack.controller.kill();
      this.#stack.startController();
      await this.#stack.untilReady(60_000);
      return true;
    }
    if (what === 'deploy') {
      const name = this.#pick(this.#names);
      if (name === undefined) return false;
      const headers = { 'Content-Type': 'text/javascript' };
      const body = `${LEDGER_HANDLER} // ${name} ${++this.#sequence}`;
      const { status, text } = await client.call(`/v1/functions/${name}/code`, { method: 'PUT', headers, body });
      if (status !== 200) throw new Error(`the new code of ${name} was answered ${status}: ${text}`);
      return true;
    }
    const warm = this.#pick((await client.pool()).filter(({ state, dockerId }) => state === 'warm' && dockerId !== undefined));
    if (warm?.dockerId === undefined) return false;
    if (what === 'reset') return (await client.drain(warm.containerId)).status < 300;
    if (what === 'resize') return this.#resize(warm.containerId);
    return this.#killContainer(warm.dockerId);
  }

  async #resize(containerId: string): Promise<boolean> {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ memoryMb: this.#pick(RESIZED_MB) });
    const { status, text } = await this.#stack.client.call(`/v1/pool/${containerId}`, { method: 'PATCH', headers, body });
    // Used by too much just now, or gone meanwhile.
    if (status === 200 || status === 409 || status === 404 || status === 503) return status === 200;
    throw new Error(`a change of memory was answered ${status}: ${text}`);
  }

  #killContainer(dockerId: string): boolean {
    try {
      this.#stack.docker('kill', dockerId);
      return true;
    } catch (error) {
      if (/is not running|No such container/i.test(String((error as { stderr?: unknown }).stderr))) return false;
      throw error;
    }
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }
}
