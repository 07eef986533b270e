import type { Request } from 'express';
import { deadLettersRequestSchema, eventInvokeConfigRequestSchema, replayRequestSchema } from '@easyfaas/contracts/schemas';
import type { DeadLettersRequest } from '@easyfaas/contracts/wire';
import type { AsyncInvocations } from '../../async/async-invocations';
import type { DeadLetterFilter, DeadLetterKind, DeadLetters } from '../../async/dead-letters';
import { DEFAULT_EVENT_INVOKE_CONFIG, type StoredEventInvokeConfig } from '../../async/event-invoke-config';
import { shownDestinations } from '../../async/destinations/broker-login';
import type { EventInvokeConfigService } from '../../async/event-invoke-config-service';
import { eventView } from '../../async/event-view';
import { authorizeFunction } from '../../auth/authorize';
import { LATEST } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import type { RecordReader } from '../../records/record-reader';
import { ServiceError } from '@easyfaas/service-kit';
import { invalidField } from '../../invalid-field';
import { checked, readBytes, readJson } from '../body';
import { parseStrictJson } from '../strict-json';
import { type FunctionTarget, unqualifiedTarget } from '../function-target';
import { pathParameter, type Mount } from '../mount-route';
import { readInteger, readQuery } from '../query';
import { principalOf } from '../request-context';
import { readTime } from './records';

const BODY_BYTES = 64 * 1024;
const PAGE_DEFAULT = 50;
const PAGE_MAX = 100;

export interface EventRoutesDeps {
  records: Pick<RecordReader, 'find'>;
  functions: FunctionService;
  events: { invocations: AsyncInvocations; deadLetters: DeadLetters; configs: EventInvokeConfigService };
}

/** What becomes of a function's events: their configuration, dead letters, cancelling and replaying. */
export function mountEvents(mount: Mount, { functions, events, records }: EventRoutesDeps): void {
  const { invocations, deadLetters, configs } = events;
  const whyNot = async (error: unknown, accountId: string, requestId: string): Promise<never> => {
    const isUnknown = error instanceof ServiceError && error.code === 'RECORD_NOT_FOUND';
    const record = isUnknown ? await records.find(accountId, requestId) : undefined;
    throw record === undefined ? error : payloadNotKept(record.functionName);
  };
  const target = (request: Request): FunctionTarget => unqualifiedTarget(request, functions.region);

  mount('/v1/functions/:id/event-invoke-config', {
    get: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      await functions.read(accountId, functionName);
      response.json(configView(await configs.find({ accountId, functionName, qualifier: LATEST }), false));
    },
    put: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      await functions.read(accountId, functionName);
      const mayCall = (destination: string): void => authorizeFunction(principalOf(request), destination);
      const wanted = checked(eventInvokeConfigRequestSchema, await readJson(request, BODY_BYTES));
      response.json(configView(await configs.put({ accountId, functionName, qualifier: LATEST }, wanted, mayCall), true));
    },
    delete: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      await configs.delete({ accountId, functionName, qualifier: LATEST });
      response.status(204).end();
    },
  });

  mount('/v1/functions/:id/dead-letters/redrive', {
    post: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      const wanted = checked(deadLettersRequestSchema, await readJson(request, BODY_BYTES));
      const kind = wanted.kind ?? 'event';
      const how = { kind, isForced: wanted.force === true, keyId: principalOf(request).keyId };
      response.json(await deadLetters.redrive(accountId, functionName, filterOf(wanted), how));
    },
  });

  mount('/v1/functions/:id/dead-letters', {
    get: async (request, response) => {
      const { limit, marker, kind, ...query } = readQuery(request, ['limit', 'marker', 'kind', 'condition', 'errorType', 'since', 'until']);
      const { accountId, functionName } = target(request);
      const page = await deadLetters.list(accountId, functionName, filterOf({ ...query, all: true }), {
        kind: kindOf(kind),
        limit: limit === undefined ? PAGE_DEFAULT : readInteger('limit', limit, { min: 1, max: PAGE_MAX }),
        offset: marker === undefined ? 0 : readInteger('marker', marker, { min: 0, max: 10_000_000 }),
      });
      response.json({
        deadLetters: page.letters.map((letter) => eventView(letter, { hasBodies: false })),
        total: page.total,
        ...(page.nextOffset === undefined ? {} : { nextMarker: String(page.nextOffset) }),
      });
    },
    delete: async (request, response) => {
      const { all, kind, ...query } = readQuery(request, ['kind', 'condition', 'errorType', 'since', 'until', 'all']);
      const { accountId, functionName } = target(request);
      const filter = filterOf({ ...query, ...(all === 'true' ? { all: true } : {}) });
      response.json(await deadLetters.purge(accountId, functionName, filter, kindOf(kind)));
    },
  });

  mount('/v1/functions/:id/dead-letters/:requestId', {
    get: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      response.json(eventView(await deadLetters.read(accountId, functionName, pathParameter(request, 'requestId')), { hasBodies: true }));
    },
    delete: async (request, response) => {
      readQuery(request, []);
      const { accountId, functionName } = target(request);
      const requestId = pathParameter(request, 'requestId');
      await deadLetters.read(accountId, functionName, requestId);
      await deadLetters.purge(accountId, functionName, { requestIds: [requestId] }, 'event');
      response.status(204).end();
    },
  });

  mount('/v1/functions/:id/dead-letters/:requestId/redrive', {
    post: async (request, response) => {
      const { force } = readQuery(request, ['force']);
      const { accountId, functionName } = target(request);
      const how = { isForced: force === 'true', keyId: principalOf(request).keyId };
      const newId = await deadLetters.redriveOne(accountId, functionName, pathParameter(request, 'requestId'), how);
      response.status(202).setHeader('Location', `/v1/invocations/${newId}`).json({ requestId: newId });
    },
  });

  mount('/v1/invocations/:requestId/replay', {
    post: async (request, response) => {
      readQuery(request, []);
      const body = await readBytes(request, BODY_BYTES);
      const { Qualifier } = body.length === 0 ? {} : checked(replayRequestSchema, parseStrictJson(body));
      const { accountId, keyId, functions } = principalOf(request);
      const wanted = { keyId, functions, ...(Qualifier === undefined ? {} : { qualifier: Qualifier }) };
      const requestId = pathParameter(request, 'requestId');
      const newId = await invocations.replay(accountId, requestId, wanted).catch((error: unknown) => whyNot(error, accountId, requestId));
      response.status(202).setHeader('Location', `/v1/invocations/${newId}`).json({ requestId: newId });
    },
  });
}

function payloadNotKept(name: string): ServiceError {
  const way = `PUT /v1/functions/${name}/configuration with {"KeepPayloads": true}, or keepPayloads in its manifest`;
  const text = `The payload of this synchronous call was not kept, or is not any more. ${way}, has those of later calls kept, within the limits of EASYFAAS_KEPT_PAYLOAD_KB, _PAYLOADS_MAX and _PAYLOADS_H.`;
  return new ServiceError('PAYLOAD_NOT_KEPT', text);
}

/** The secret is shown to whoever may write it, when it is written, and never again. */
function configView(stored: StoredEventInvokeConfig | undefined, isWriter: boolean): Record<string, unknown> {
  const { SigningSecret, DestinationConfig, ...rest } = { ...DEFAULT_EVENT_INVOKE_CONFIG, ...stored };
  const config = { ...rest, DestinationConfig: shownDestinations(DestinationConfig) };
  return isWriter && SigningSecret !== undefined ? { ...config, SigningSecret } : config;
}

/** @throws ServiceError VALIDATION_FAILED when nothing says which ones, or a time is none */
function filterOf({ requestIds, condition, errorType, since, until, all }: DeadLettersRequest): DeadLetterFilter {
  const filter: DeadLetterFilter = {
    ...(requestIds === undefined ? {} : { requestIds }),
    ...(condition === undefined ? {} : { condition }),
    ...(errorType === undefined ? {} : { errorType }),
    ...(since === undefined ? {} : { sinceMs: readTime('since', since) }),
    ...(until === undefined ? {} : { untilMs: readTime('until', until) }),
  };
  if (all === true || Object.keys(filter).length > 0) return filter;
  throw invalidField('all', 'Say which dead letters: requestIds, condition, errorType, since, until, or "all": true.');
}

function kindOf(kind: string | undefined): DeadLetterKind {
  if (kind === undefined || kind === 'event' || kind === 'delivery') return kind ?? 'event';
  throw invalidField('kind', 'kind must be event or delivery.');
}
