import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { resolveReference } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import { invalidField } from '../../invalid-field';
import type { LogStream } from '../log-stream';
import { pathParameter, type Mount } from '../mount-route';
import { readInteger, readQuery } from '../query';
import { principalOf, requestContext } from '../request-context';
import { readTime } from './records';

const TAIL_MAX = 100;
const TAIL_DEFAULT = 10;

/** One line of the answer: a finished call with the last 4 KiB of what it printed. */
type LogLine = Pick<InvocationRecord, 'requestId' | 'startedAt' | 'version' | 'status' | 'logTail'>;

/** `/v1/functions/{id}/logs`: one JSON object per line and call, oldest first; with `follow=true` it goes on until the client leaves. */
export function mountLogs(mount: Mount, { functions, logs }: { functions: FunctionService; logs: LogStream }): void {
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
      const { isKeyValid: mayFollow } = requestContext(request);
      await logs.send(response, {
        accountId,
        functionName,
        limit,
        ...since,
        isFollowed,
        mayFollow,
        linesOf: (record) => [lineOf(record)],
      });
    },
  });
}

function lineOf({ requestId, startedAt, version, status, logTail }: InvocationRecord): string {
  const line: LogLine = { requestId, startedAt, version, status, ...(logTail === undefined ? {} : { logTail }) };
  return JSON.stringify(line);
}
