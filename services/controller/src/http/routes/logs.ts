import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import type { FunctionService } from '../../functions/function-service';
import { resolveReference } from '../../functions/function-name';
import { invalidField } from '../../invalid-field';
import type { RecordReader } from '../../records/record-reader';
import { pathParameter, type Mount } from '../mount-route';
import { readInteger, readQuery } from '../query';
import { principalOf } from '../request-context';
import { readTime } from './records';

const TAIL_MAX = 100;
const TAIL_DEFAULT = 10;
/** Each one asks Redis by itself. */
const FOLLOWERS_MAX = 64;
const POLL_MS = 500;
/** Without a record an empty line keeps the connection from being taken for dead. */
const KEEP_ALIVE_MS = 15_000;

/** One line of the answer: a finished call with the last 4 KiB of what it printed. */
type LogLine = Pick<InvocationRecord, 'requestId' | 'startedAt' | 'version' | 'status' | 'logTail'>;

/** `/v1/functions/{id}/logs`: one JSON object per line and call, oldest first; with `follow=true` it goes on until the client leaves. */
export function mountLogs(mount: Mount, { functions, records }: { functions: FunctionService; records: RecordReader }): void {
  let followers = 0;

  mount('/v1/functions/:id/logs', {
    get: async (request, response) => {
      const query = readQuery(request, ['since', 'tail', 'follow']);
      if (!['true', 'false', undefined].includes(query.follow)) throw invalidField('follow', 'follow must be true or false.');
      const limit = query.tail === undefined ? TAIL_DEFAULT : readInteger('tail', query.tail, { min: 0, max: TAIL_MAX });
      const since = query.since === undefined ? {} : { sinceMs: readTime('since', query.since) };
      const { accountId } = principalOf(request);
      const { functionName } = resolveReference(pathParameter(request, 'id'), { accountId, region: functions.region });
      await functions.read(accountId, functionName);
      const isFollowed = query.follow === 'true';
      if (isFollowed && followers >= FOLLOWERS_MAX) throw tooManyFollowers();

      // The end before the beginning: what is written in between is followed, and told twice at worst.
      const { position } = await records.after(accountId, undefined);
      const page = limit === 0 ? [] : (await records.list(accountId, { functionName, limit, ...since })).records;
      response.setHeader('Content-Type', 'application/x-ndjson');
      for (const record of page.reverse()) await write(response, lineOf(record));
      if (!isFollowed) return void response.end();
      response.flushHeaders();
      followers += 1;
      try {
        await follow({ response, records, accountId, functionName, position, told: new Set(page.map(({ requestId }) => requestId)) });
      } finally {
        followers -= 1;
      }
    },
  });
}

interface Following {
  response: Response;
  records: RecordReader;
  accountId: string;
  functionName: string;
  position: string;
  /** Request ids that must not be told again. */
  told: ReadonlySet<string>;
}

async function follow({ response, records, accountId, functionName, position, told }: Following): Promise<void> {
  let quietMs = 0;
  for (let from = position; !response.closed;) {
    const next = await records.after(accountId, from);
    const isMoving = next.position !== from;
    from = next.position;
    for (const record of next.records) {
      if (record.functionName !== functionName || told.has(record.requestId)) continue;
      await write(response, lineOf(record));
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

async function write(response: Response, line: string): Promise<void> {
  if (response.closed || response.write(`${line}\n`)) return;
  // A client that reads slowly is waited for; one that leaves ends the wait.
  await Promise.race([once(response, 'drain'), once(response, 'close')]);
}

function lineOf({ requestId, startedAt, version, status, logTail }: InvocationRecord): string {
  const line: LogLine = { requestId, startedAt, version, status, ...(logTail === undefined ? {} : { logTail }) };
  return JSON.stringify(line);
}

function tooManyFollowers(): ServiceError {
  const text = `${FOLLOWERS_MAX} clients follow logs already, the most that may; end one, or ask without follow.`;
  return new ServiceError('THROTTLED', text, { headers: { 'Retry-After': '10', Reason: 'LogFollowersExceeded' } });
}
