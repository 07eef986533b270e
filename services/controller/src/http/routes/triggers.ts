import type { Request, Response } from 'express';
import { createTriggerRequestSchema, redriveTriggerRequestSchema, updateTriggerRequestSchema } from '@easyfaas/contracts/schemas';
import { TRIGGER_LIMITS, type RedriveTriggerAnswer, type StoredTrigger, type TriggerView } from '@easyfaas/contracts/wire';
import { authorizeFunction } from '../../auth/authorize';
import { resolveReference } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import { invalidField } from '../../invalid-field';
import type { DeadMessageRedrive } from '../../triggers/dead-message-redrive';
import type { KeptDeadMessage } from '../../triggers/dead-messages';
import type { TriggerService } from '../../triggers/trigger-service';
import type { WebTriggers } from '../../triggers/triggers';
import { checked, readJson } from '../body';
import { expectedRevision } from '../function-target';
import { pathParameter, type Handler, type Mount } from '../mount-route';
import { WEB_ROUTES } from '../policies/triggers';
import { readInteger, readQuery } from '../query';
import { principalOf, requestContext } from '../request-context';

const PAGE_MAX = 100;
const PAGE_DEFAULT = 50;
const REQUEST_BYTES = 4 * TRIGGER_LIMITS.configurationBytes;
const MARKER = /^[0-9a-z-]{1,40}$/;

interface Deps {
  triggers: { service: TriggerService; redrive: DeadMessageRedrive; web: WebTriggers };
  functions: FunctionService;
}

/** `/v1/triggers`, `/v1/functions/{id}/triggers`, and the paths that triggers serve. */
export function mountTriggers(mount: Mount, { triggers: { service, redrive, web }, functions }: Deps): void {
  const account = (request: Request): string => principalOf(request).accountId;
  const reference = (request: Request): [accountId: string, triggerId: string] => [account(request), pathParameter(request, 'triggerId')];
  const send = async (response: Response, trigger: StoredTrigger): Promise<void> => {
    response.setHeader('ETag', `"${trigger.revisionId}"`);
    response.json(await service.view(trigger));
  };
  const sendPage = async (request: Request, response: Response, functionName?: string): Promise<void> => {
    const { marker, limit } = readPage(request);
    const page = await service.list(account(request), {
      limit,
      ...(marker === undefined ? {} : { marker }),
      ...(functionName === undefined ? {} : { functionName }),
    });
    const views: TriggerView[] = [];
    // One after the other: what a schedule says of its next runs takes time, and calls are served in between.
    for (const trigger of page.triggers) views.push(await service.view(trigger));
    response.json({ Triggers: views, ...(page.nextMarker === undefined ? {} : { NextMarker: page.nextMarker }) });
  };

  /** A trigger calls its function: that must be one of the key's. */
  const authorizeTarget = (request: Request, text: string): void => {
    const principal = principalOf(request);
    if (principal.functions === undefined) return;
    const { accountId } = principal;
    authorizeFunction(principal, resolveReference(text, { accountId, region: functions.region }).functionName);
  };

  mount('/v1/triggers', {
    get: (request, response) => sendPage(request, response),
    post: async (request, response) => {
      readQuery(request, []);
      const body = checked(createTriggerRequestSchema, await readJson(request, REQUEST_BYTES));
      authorizeTarget(request, body.FunctionName);
      const created = await service.create(account(request), body);
      requestContext(request).actedOn = `trigger:${created.triggerId}`;
      response.setHeader('Location', `/v1/triggers/${created.triggerId}`);
      await send(response.status(201), created);
    },
  });

  mount('/v1/triggers/:triggerId', {
    get: async (request, response) => {
      readQuery(request, []);
      await send(response, await service.read(...reference(request)));
    },
    put: async (request, response) => {
      readQuery(request, []);
      const body = checked(updateTriggerRequestSchema, await readJson(request, REQUEST_BYTES));
      if (body.FunctionName !== undefined) authorizeTarget(request, body.FunctionName);
      await send(response, await service.update(...reference(request), body, expectedRevision(request, body.RevisionId)));
    },
    delete: async (request, response) => {
      readQuery(request, []);
      await service.delete(...reference(request));
      response.status(204).end();
    },
  });

  mount('/v1/triggers/:triggerId/pause', {
    post: async (request, response) => {
      readQuery(request, []);
      await send(response, await service.pause(...reference(request)));
    },
  });

  mount('/v1/triggers/:triggerId/resume', {
    post: async (request, response) => {
      readQuery(request, []);
      await send(response, await service.resume(...reference(request)));
    },
  });

  mount('/v1/triggers/:triggerId/dead-letters', {
    get: async (request, response) => {
      const { marker, limit } = readPage(request);
      const page = { limit, ...(marker === undefined ? {} : { marker }) };
      const kept = await service.deadLetters(...reference(request), page);
      const last = kept.length < limit ? undefined : kept.at(-1)?.deadLetterId;
      response.json({ DeadLetters: kept.map(deadLetterView), ...(last === undefined ? {} : { NextMarker: last }) });
    },
    delete: async (request, response) => {
      readQuery(request, []);
      response.json({ Deleted: await service.purgeDeadLetters(...reference(request)) });
    },
  });

  mount('/v1/triggers/:triggerId/dead-letters/redrive', {
    post: async (request, response) => {
      readQuery(request, []);
      const { DeadLetterIds, All } = checked(redriveTriggerRequestSchema, await readJson(request, REQUEST_BYTES));
      if ((DeadLetterIds === undefined) !== (All === true)) throw invalidField('DeadLetterIds', 'Say DeadLetterIds or "All": true.');
      const { redriven, refused, hasMore } = await redrive.redrive(
        await service.read(...reference(request)),
        DeadLetterIds,
        principalOf(request).keyId,
      );
      const view: RedriveTriggerAnswer = {
        Redriven: redriven.map(({ deadLetterId, invocationId }) => ({ DeadLetterId: deadLetterId, InvocationId: invocationId })),
        Refused: refused.map(({ deadLetterId, code, message }) => ({ DeadLetterId: deadLetterId, Code: code, Message: message })),
        HasMore: hasMore,
      };
      response.json(view);
    },
  });

  mount('/v1/functions/:id/triggers', {
    get: async (request, response) => {
      const accountId = account(request);
      const { functionName } = resolveReference(pathParameter(request, 'id'), { accountId, region: functions.region });
      await functions.read(accountId, functionName);
      await sendPage(request, response, functionName);
    },
  });

  const handlers = [web.http, web.webhooks, web.cloudevents];
  for (const [at, { path, methods }] of WEB_ROUTES.entries()) {
    const handler: Handler = (request, response) => handlers[at]?.({ request, response, requestId: requestContext(request).requestId });
    mount(path, Object.fromEntries(methods.map((method) => [method, handler])));
  }
}

function readPage(request: Request): { marker: string | undefined; limit: number } {
  const { marker, maxItems } = readQuery(request, ['marker', 'maxItems']);
  if (marker !== undefined && !MARKER.test(marker)) throw invalidField('marker', 'marker must be the NextMarker of an earlier page.');
  return { marker, limit: maxItems === undefined ? PAGE_DEFAULT : readInteger('maxItems', maxItems, { min: 1, max: PAGE_MAX }) };
}

function deadLetterView({ deadLetterId, at, messageId, reason, contentType, payload }: KeptDeadMessage): Record<string, unknown> {
  const text = payload.toString();
  const isText = Buffer.from(text).equals(payload);
  return {
    DeadLetterId: deadLetterId,
    At: at,
    MessageId: messageId,
    Reason: reason,
    ContentType: contentType,
    Payload: isText ? text : payload.toString('base64'),
    IsBase64Encoded: !isText,
  };
}
