import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { FUNCTION_NAME } from '../../functions/function-name';
import { invalidField } from '../../invalid-field';
import type { RecordQuery, RecordReader } from '../../records/record-reader';
import { pathParameter, type Mount } from '../mount-route';
import { readInteger, readQuery, type Query } from '../query';
import { principalOf } from '../request-context';

const PAGE_MAX = 100;
const PAGE_DEFAULT = 50;
const STATUSES: readonly InvocationRecord['status'][] = ['succeeded', 'failed', 'throttled', 'error'];
const PARAMETERS = ['function', 'status', 'since', 'marker', 'limit'] as const;

/** `/v1/invocations`: what was called, newest first. */
export function mountRecords(mount: Mount, { records }: { records: RecordReader }): void {
  mount('/v1/invocations', {
    get: async (request, response) => {
      const query = queryOf(readQuery(request, PARAMETERS));
      const page = await records.list(principalOf(request).accountId, query);
      response.json({ invocations: page.records, ...(page.nextMarker === undefined ? {} : { nextMarker: page.nextMarker }) });
    },
  });

  mount('/v1/invocations/:requestId', {
    get: async (request, response) => {
      readQuery(request, []);
      const record = await records.find(principalOf(request).accountId, pathParameter(request, 'requestId'));
      if (record === undefined) {
        throw new ServiceError('RECORD_NOT_FOUND', 'No record of that invocation is kept: it is unknown here, or too old.');
      }
      response.json(record);
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
