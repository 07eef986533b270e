import type { InvocationRecord } from '@easyfaas/contracts/wire';
import type { AsyncInvocations } from '../../async/async-invocations';
import { shownBytes } from '../../async/shown-bytes';
import { eventView } from '../../async/event-view';
import { authorizeAccount, authorizeFunction } from '../../auth/authorize';
import { ServiceError } from '@easyfaas/service-kit';
import { FUNCTION_NAME } from '../../functions/function-name';
import { invalidField } from '../../invalid-field';
import type { RecordQuery, RecordReader } from '../../records/record-reader';
import { pathParameter, type Mount } from '../mount-route';
import { readInteger, readQuery, type Query } from '../query';
import { principalOf } from '../request-context';

const PAGE_MAX = 100;
const PAGE_DEFAULT = 50;
const STATUSES: readonly InvocationRecord['status'][] = ['succeeded', 'failed', 'throttled', 'error', 'expired', 'cancelled'];
/** Of events that have not ended; these are shown from the queue. */
const OPEN_STATUSES = ['accepted', 'running'];
const PARAMETERS = ['function', 'status', 'since', 'marker', 'limit'] as const;

/** `/v1/invocations`: what was called, newest first. */
export function mountRecords(
  mount: Mount,
  { records, events }: { records: RecordReader; events: { invocations: AsyncInvocations } },
): void {
  const { invocations } = events;
  mount('/v1/invocations', {
    get: async (request, response) => {
      const { status, ...asked } = readQuery(request, PARAMETERS);
      const principal = principalOf(request);
      const { accountId } = principal;
      if (asked.function === undefined) authorizeAccount(principal);
      else authorizeFunction(principal, asked.function);
      const isOpen = status !== undefined && OPEN_STATUSES.includes(status);
      const query = queryOf(status === undefined || isOpen ? asked : { ...asked, status });
      // Events that have not ended stand before everything that has; the first page has them all, or as many as it holds.
      const wantsOpen = isOpen || (status === undefined && query.marker === undefined);
      const open = wantsOpen ? await invocations.open(accountId, query.functionName, query.limit) : [];
      const shown = open.filter((event) => (!isOpen || event.status === status) && event.acceptedAtMs >= (query.sinceMs ?? 0));
      const views = shown.map((event) => eventView(event, { hasBodies: false }));
      // Of none that fit: only where they begin.
      const page = isOpen ? { records: [] } : await records.list(accountId, { ...query, limit: query.limit - views.length });
      response.json({ invocations: [...views, ...page.records], ...('nextMarker' in page ? { nextMarker: page.nextMarker } : {}) });
    },
  });

  mount('/v1/invocations/:requestId', {
    get: async (request, response) => {
      readQuery(request, []);
      const { accountId } = principalOf(request);
      const requestId = pathParameter(request, 'requestId');
      const event = await invocations.find(accountId, requestId);
      if (event !== undefined) return void response.json(eventView(event, { hasBodies: true }));
      const record = await records.find(accountId, requestId);
      if (record === undefined) {
        throw new ServiceError('RECORD_NOT_FOUND', 'No record of that invocation is kept: it is unknown here, or too old.');
      }
      const kept = await invocations.findKept(accountId, requestId);
      // Ids are the callers': the same one may have been another function's before.
      const isOther = kept?.functionName !== record.functionName;
      response.json(kept === undefined || isOther ? record : { ...record, ...shownBytes('payload', kept.payload, kept.contentType) });
    },
    delete: async (request, response) => {
      readQuery(request, []);
      const event = await invocations.cancel(principalOf(request).accountId, pathParameter(request, 'requestId'));
      response.status(202).json({ requestId: event.requestId, status: event.status });
    },
  });
}

function queryOf(query: Query<(typeof PARAMETERS)[number]>): RecordQuery {
  const { marker, limit, since } = query;
  const status = STATUSES.find((each) => each === query.status);
  if (query.status !== undefined && status === undefined) {
    throw invalidField('status', `status must be one of ${STATUSES.join(', ')}.`);
  }
  if (query.function !== undefined && !FUNCTION_NAME.test(query.function)) {
    throw invalidField('function', 'function must be a function name.');
  }
  return {
    limit: limit === undefined ? PAGE_DEFAULT : readInteger('limit', limit, { min: 1, max: PAGE_MAX }),
    ...(query.function === undefined ? {} : { functionName: query.function }),
    ...(status === undefined ? {} : { status }),
    ...(since === undefined ? {} : { sinceMs: readTime('since', since) }),
    ...(marker === undefined ? {} : { marker }),
  };
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** ISO 8601 with its zone, or milliseconds since the epoch. @throws ServiceError VALIDATION_FAILED */
export function readTime(name: string, text: string): number {
  const ms = /^\d{1,14}$/.test(text) ? Number(text) : ISO_TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw invalidField(name, `${name} must be a time such as 2030-01-31T12:00:00Z, or milliseconds since the epoch.`);
  return ms;
}
