import { randomBytes } from 'node:crypto';
import type { StoredTrigger } from '@easyfaas/contracts/wire';
import type { Request, Response } from 'express';
import { authorizeFunction } from '../../auth/authorize';
import { LATEST } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import type { TriggerService } from '../../triggers/trigger-service';
import { type Mount, pathParameter } from '../mount-route';
import { LAMBDA_CALL_PATHS } from '../policies/lambda-calls';
import { principalOf } from '../request-context';
import { readLambdaBody } from './lambda-body';
import { LambdaError } from './lambda-error';
import { eventSourceOf, readEventSource, readMappingSettings } from './lambda-event-source-settings';
import { mappingView, uuidOf } from './lambda-event-source-view';
import { type LambdaOwner, readLambdaName } from './lambda-name';
import { lambdaPage, single } from './lambda-page';
import { inLambdaWords } from './lambda-words';

export interface LambdaEventSourceDeps {
  functions: Pick<FunctionService, 'region'>;
  triggers: { service: TriggerService };
}

const ID_BYTES = 16;
const SOURCES = ['queue', 'redis-stream'];

/** Event source mappings: triggers on queues and streams that call with SQS's records. */
export function mountLambdaEventSources(mount: Mount, { functions, triggers: { service } }: LambdaEventSourceDeps): void {
  const ownerOf = (request: Request): LambdaOwner => ({ accountId: principalOf(request).accountId, region: functions.region });
  const functionOf = (request: Request, text: string): { functionName: string; qualifier: string } => {
    const { functionName, qualifier = LATEST } = readLambdaName(text, ownerOf(request));
    authorizeFunction(principalOf(request), functionName);
    return { functionName, qualifier };
  };
  const send = async (response: Response, trigger: StoredTrigger, owner: LambdaOwner, state?: string): Promise<void> => {
    const { State, StateReason } = await service.view(trigger);
    response.json(mappingView(trigger, owner, { state, isOn: State !== 'paused', reason: StateReason }));
  };
  const existing = async (request: Request): Promise<StoredTrigger> => {
    const triggerId = pathParameter(request, 'uuid').replaceAll('-', '').toLowerCase();
    const found = await inLambdaWords(service.read(ownerOf(request).accountId, triggerId), { TRIGGER_NOT_FOUND: missing });
    if (eventSourceOf(found) === undefined) throw missing();
    authorizeFunction(principalOf(request), found.functionName);
    return found;
  };

  mount(LAMBDA_CALL_PATHS.eventSources, {
    post: async (request, response) => {
      const owner = ownerOf(request);
      const { FunctionName, EventSourceArn, ...body } = await readLambdaBody(request, 'CreateEventSourceMapping');
      const source = readEventSource(EventSourceArn, owner);
      const { functionName, qualifier } = functionOf(request, typeof FunctionName === 'string' ? FunctionName : '');
      await inLambdaWords(service.assertTarget({ accountId: owner.accountId, functionName, qualifier }), noFunction());
      const triggerId = randomBytes(ID_BYTES).toString('hex');
      const settings = readMappingSettings(source, body, { triggerId });
      const twin = (await service.ofFunction(owner.accountId, functionName)).find(
        (each) => each.qualifier === qualifier && eventSourceOf(each)?.arn === source.arn,
      );
      if (twin !== undefined) throw exists(source.arn, functionName, uuidOf(twin));
      const wanted = { Source: source.kind, FunctionName: functionName, Qualifier: qualifier, ...settings };
      const created = await service.create(owner.accountId, wanted, triggerId);
      await send(response.status(202), created, owner, 'Creating');
    },
    get: async (request, response) => {
      const owner = ownerOf(request);
      const name = single(request, 'FunctionName');
      const arn = single(request, 'EventSourceArn');
      const functionName = name === undefined ? undefined : functionOf(request, name).functionName;
      const { functions: limit } = principalOf(request);
      const found = (await Promise.all(SOURCES.map((source) => service.ofSource(owner.accountId, source)))).flat();
      const all = found.filter((each) => {
        const source = eventSourceOf(each);
        const isWanted = (functionName ?? each.functionName) === each.functionName && (arn ?? source?.arn) === source?.arn;
        return source !== undefined && isWanted && limit?.covers(each.functionName) !== false;
      });
      const { page, ...rest } = lambdaPage(all, request, ({ triggerId }) => triggerId);
      const EventSourceMappings = page.map((trigger) =>
        mappingView(trigger, owner, { isOn: trigger.isEnabled, reason: trigger.pauseReason }),
      );
      response.json({ EventSourceMappings, ...rest });
    },
  });

  mount(LAMBDA_CALL_PATHS.eventSource, {
    get: async (request, response) => {
      await send(response, await existing(request), ownerOf(request));
    },
    put: async (request, response) => {
      const owner = ownerOf(request);
      const current = await existing(request);
      const { FunctionName, ...body } = await readLambdaBody(request, 'UpdateEventSourceMapping');
      const source = eventSourceOf(current) ?? readEventSource(undefined, owner);
      const settings = readMappingSettings(source, body, current);
      const target = typeof FunctionName === 'string' ? functionOf(request, FunctionName) : {};
      const { functionName, qualifier } = { ...current, ...target };
      await inLambdaWords(service.assertTarget({ accountId: owner.accountId, functionName, qualifier }), noFunction());
      const wanted = { ...settings, FunctionName: functionName, Qualifier: qualifier };
      await send(response.status(202), await service.update(owner.accountId, current.triggerId, wanted), owner, 'Updating');
    },
    delete: async (request, response) => {
      const current = await existing(request);
      const owner = ownerOf(request);
      await service.delete(owner.accountId, current.triggerId);
      response.status(202).json(mappingView(current, owner, { state: 'Deleting', isOn: false, reason: undefined }));
    },
  });
}

function missing(): LambdaError {
  return new LambdaError('ResourceNotFoundException', 'The resource you requested does not exist.');
}

function noFunction(): Record<'FUNCTION_NOT_FOUND', () => LambdaError> {
  return { FUNCTION_NOT_FOUND: () => new LambdaError('InvalidParameterValueException', 'Function does not exist') };
}

function exists(arn: string, functionName: string, uuid: string): LambdaError {
  const text = `An event source mapping with event source arn (" ${arn} ") and function (" ${functionName} ") already exists. Please update or delete the existing mapping with UUID ${uuid}`;
  return new LambdaError('ResourceConflictException', text);
}
