import type { Clock } from '@easyfaas/service-kit';

/** Sends items of one key; answers in their order. An answer may be an Error: then that item has failed, and no other. */
export type SendTogether<Item, Answer> = (key: string, items: readonly Item[]) => Promise<readonly (Answer | Error)[]>;

export interface SharedCommandsOptions<Item, Answer> {
  send: SendTogether<Item, Answer>;
  /** Items of one command at most. */
  countMax: number;
  /** Bytes of one command at most; an item that has more goes alone. */
  bytesMax: number;
  /** Calls back when this turn of the event loop is over. */
  later: (callback: () => void) => void;
  /** What comes up while so many commands are under way waits for an answer: {@link UNDER_WAY_MAX}, or Infinity where answers take long. */
  underWayMax: number;
  after: Clock['after'];
}

/** One that Redis carries out, and one for when it is done: it never waits for us, and each is as large as can be. */
export const UNDER_WAY_MAX = 2;
/** Longer than Redis takes for a command, ms. What follows one that hangs is told in time all the same. */
const HOLD_MS = 20;

interface Waiting<Item, Answer> {
  item: Item;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

interface Group<Item, Answer> {
  bytes: number;
  waiting: Waiting<Item, Answer>[];
}

/**
 * What comes up for one key in one turn of the event loop, or while commands are under way, whoever asks, goes out as one command; each asker
 * gets an answer of its own, and only when the command has been answered. Nothing is lost by waiting: Redis does one thing after the other, and
 * writes to the disk for all that it was sent together once.
 */
export class SharedCommands<Item, Answer> {
  readonly #options: SharedCommandsOptions<Item, Answer>;
  #groups = new Map<string, Group<Item, Answer>>();
  #isDue = false;
  /** Commands that have not been answered. */
  #underWay = 0;
  #cancelHold: (() => void) | undefined;

  constructor(options: SharedCommandsOptions<Item, Answer>) {
    this.#options = options;
  }

  /** @param bytes about what the item adds to the command @throws whatever sending throws, for all items that were sent together */
  add(key: string, item: Item, bytes: number): Promise<Answer> {
    const { countMax, bytesMax, later, underWayMax, after } = this.#options;
    return new Promise<Answer>((resolve, reject) => {
      let group = this.#groups.get(key);
      if (group !== undefined && (group.waiting.length >= countMax || group.bytes + bytes > bytesMax)) {
        this.#groups.delete(key);
        this.#send(key, group);
        group = undefined;
      }
      if (group === undefined) {
        group = { bytes: 0, waiting: [] };
        this.#groups.set(key, group);
      }
      group.bytes += bytes;
      group.waiting.push({ item, resolve, reject });
      if (this.#isDue) return;
      this.#isDue = true;
      if (this.#underWay < underWayMax) later(() => this.#sendAll());
      else this.#cancelHold = after(HOLD_MS, () => this.#sendAll());
    });
  }

  #sendAll(): void {
    const groups = this.#groups;
    this.#isDue = false;
    this.#cancelHold = undefined;
    this.#groups = new Map();
    for (const [key, group] of groups) this.#send(key, group);
  }

  #noteAnswer(): void {
    this.#underWay--;
    if (this.#cancelHold === undefined) return;
    this.#cancelHold();
    this.#cancelHold = undefined;
    // What comes in the turn of the answer goes, too.
    this.#options.later(() => this.#sendAll());
  }

  #send(key: string, { waiting }: Group<Item, Answer>): void {
    const fail = (error: unknown): void => {
      this.#noteAnswer();
      for (const { reject } of waiting) reject(error);
    };
    const items = waiting.map(({ item }) => item);
    this.#underWay++;
    this.#options.send(key, items).then((answers) => {
      this.#noteAnswer();
      for (const [index, { resolve, reject }] of waiting.entries()) {
        const answer = answers[index];
        if (answer === undefined || answer instanceof Error) reject(answer ?? new Error('No answer for one of several items.'));
        else resolve(answer);
      }
    }, fail);
  }
}
