import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { RecordReader } from '../records/record-reader';

/** Each one asks Redis by itself. */
const FOLLOWERS_MAX = 64;
const POLL_MS = 500;
/** Without a record an empty line keeps the connection from being taken for dead. */
const KEEP_ALIVE_MS = 15_000;

export interface LogRequest {
  accountId: string;
  functionName: string;
  /** Records that are shown at first. */
  limit: number;
  /** Of the lines that those make, only the last ones. */
  tailLines?: number;
  /** Milliseconds since the epoch. */
  sinceMs?: number;
  isFollowed: boolean;
  /** Whether whoever follows may still: it is asked at each look. */
  mayFollow?: (() => boolean | Promise<boolean>) | undefined;
  /** What is shown of a record, a line of JSON each. */
  linesOf: (record: InvocationRecord) => readonly string[];
}

/** Answers with what was logged, oldest first, and goes on with what is logged until the client leaves, its key ends or the service stops. */
export class LogStream {
  readonly #records: RecordReader;
  readonly #isStopping: () => boolean;
  #followers = 0;

  /** @param isStopping whoever follows would keep the service from ending */
  constructor(records: RecordReader, isStopping: () => boolean = () => false) {
    this.#records = records;
    this.#isStopping = isStopping;
  }

  /** @throws ServiceError THROTTLED (too many followers), STORE_UNAVAILABLE */
  async send(response: Response, wanted: LogRequest): Promise<void> {
    if (!wanted.isFollowed) {
      await this.#tell(response, wanted);
      return void response.end();
    }
    if (this.#followers >= FOLLOWERS_MAX) throw tooManyFollowers();
    this.#followers += 1;
    try {
      const { position, told } = await this.#tell(response, wanted);
      response.flushHeaders();
      await this.#follow(response, wanted, position, told);
      response.end();
    } finally {
      this.#followers -= 1;
    }
  }

  /** What there is already. @returns where what comes later begins, and the ids of what was told */
  async #tell(response: Response, wanted: LogRequest): Promise<{ position: string; told: ReadonlySet<string> }> {
    const { accountId, functionName, limit, tailLines, sinceMs, linesOf } = wanted;
    // The end before the beginning: what is written in between is followed, and told twice at worst.
    const { position } = await this.#records.after(accountId, undefined);
    const since = sinceMs === undefined ? {} : { sinceMs };
    const page = limit === 0 ? [] : (await this.#records.list(accountId, { functionName, limit, ...since })).records;
    response.setHeader('Content-Type', 'application/x-ndjson');
    const lines = page.reverse().flatMap((record) => linesOf(record));
    for (const line of lines.slice(tailLines === undefined ? 0 : Math.max(0, lines.length - tailLines))) await write(response, line);
    return { position, told: new Set(page.map(({ requestId }) => requestId)) };
  }

  /** @param told request ids that must not be told again */
  async #follow(
    response: Response,
    { accountId, functionName, linesOf, mayFollow = () => true }: LogRequest,
    position: string,
    told: ReadonlySet<string>,
  ): Promise<void> {
    let quietMs = 0;
    for (let from = position; !response.closed && !this.#isStopping() && (await mayFollow());) {
      const next = await this.#records.after(accountId, from);
      const isMoving = next.position !== from;
      from = next.position;
      for (const record of next.records) {
        if (record.functionName !== functionName || told.has(record.requestId)) continue;
        for (const line of linesOf(record)) await write(response, line);
        quietMs = 0;
      }
      if (isMoving) continue;
      await sleep(POLL_MS);
      quietMs += POLL_MS;
      if (quietMs < KEEP_ALIVE_MS) continue;
      await write(response, '');
      quietMs = 0;
    }
  }
}

async function write(response: Response, line: string): Promise<void> {
  if (response.closed || response.write(`${line}\n`)) return;
  // A client that reads slowly is waited for; one that leaves ends the wait.
  const waited = new AbortController();
  const { signal } = waited;
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  } finally {
    // The listeners of the event that did not come would pile up with every wait.
    waited.abort();
  }
}

function tooManyFollowers(): ServiceError {
  const text = `${FOLLOWERS_MAX} clients follow logs already, the most that may; end one, or ask without follow.`;
  return new ServiceError('THROTTLED', text, { headers: { 'Retry-After': '10', Reason: 'LogFollowersExceeded' } });
}
