import { createHash } from 'node:crypto';
import type { HttpConfiguration, StoredTrigger } from '@easyfaas/contracts/wire';
import type { Request } from 'express';
import { authorizeFunction } from '../../auth/authorize';
import { LATEST } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import { without } from '../../functions/without';
import { qualifiedName } from '../../triggers/sources/http/route-table';
import type { TriggerService } from '../../triggers/trigger-service';
import type { Mount } from '../mount-route';
import { LAMBDA_CALL_PATHS } from '../policies/lambda-calls';
import { principalOf } from '../request-context';
import { readLambdaBody } from './lambda-body';
import { LambdaError } from './lambda-error';
import { lambdaFunctionArn, unmatched, validation } from './lambda-name';
import { lambdaPage, single } from './lambda-page';
import { type LambdaTarget, lambdaTarget } from './lambda-target';
import { readUrlSettings, urlCors } from './lambda-url-settings';
import { inLambdaWords } from './lambda-words';

export interface LambdaUrlDeps {
  functions: Pick<FunctionService, 'region'>;
  triggers: { service: TriggerService };
}

const ALIAS_PATTERN = '((?!^\\d+$)^[0-9a-zA-Z-_]+$)';
const ALIAS = /^(?!\d+$)[0-9a-zA-Z_-]+$/;

/** Function URLs: http triggers of which a function, and each of its aliases, has one at most. */
export function mountLambdaFunctionUrls(mount: Mount, { functions, triggers: { service } }: LambdaUrlDeps): void {
  mount(LAMBDA_CALL_PATHS.url, {
    post: async (request, response) => {
      const target = urlTarget(request, functions);
      const { functionName, qualifier = LATEST } = target;
      const settings = readUrlSettings(await readLambdaBody(request, 'CreateFunctionUrlConfig'), true);
      const made = service.create(
        target.accountId,
        {
          Source: 'http',
          FunctionName: functionName,
          Qualifier: qualifier,
          Configuration: { InvokeMode: 'BUFFERED', ...settings, Base: 'url' },
        },
        urlTriggerId(target),
      );
      const exists = `Failed to create function url config for [functionArn = ${lambdaFunctionArn(target, target)}]. Error message:  FunctionUrlConfig exists for this Lambda function`;
      const trigger = await inLambdaWords(made, {
        ...noFunction(),
        CONFLICT: () => new LambdaError('ResourceConflictException', exists),
      });
      const shown = without(urlView(request, trigger, target), 'LastModifiedTime', 'InvokeMode');
      const { InvokeMode } = settings;
      response.status(201).json({ ...shown, ...(InvokeMode === undefined ? {} : { InvokeMode }) });
    },
    get: async (request, response) => {
      const target = urlTarget(request, functions);
      response.json(urlView(request, await existing(service, target), target));
    },
    put: async (request, response) => {
      const target = urlTarget(request, functions);
      const settings = readUrlSettings(await readLambdaBody(request, 'UpdateFunctionUrlConfig'), false);
      await inLambdaWords(service.assertTarget({ ...target, qualifier: target.qualifier ?? LATEST }), noFunction());
      const current = await existing(service, target);
      const Configuration = { ...current.configuration, ...settings };
      // An empty rule takes the rules away.
      if (Configuration['Cors'] === undefined) delete Configuration['Cors'];
      const updated = await service.update(target.accountId, current.triggerId, { Configuration });
      response.json(urlView(request, updated, target));
    },
    delete: async (request, response) => {
      const target = urlTarget(request, functions);
      const { triggerId } = await existing(service, target);
      await service.delete(target.accountId, triggerId);
      response.status(204).end();
    },
  });

  mount(LAMBDA_CALL_PATHS.urls, {
    get: async (request, response) => {
      const target = urlTarget(request, functions);
      const { accountId, functionName } = target;
      await inLambdaWords(service.assertTarget({ accountId, functionName, qualifier: LATEST }), noFunction());
      const all = (await service.ofFunction(accountId, functionName)).filter(({ configuration }) => configuration['Base'] === 'url');
      const { page, ...rest } = lambdaPage(all, request, ({ triggerId }) => triggerId);
      response.json({ FunctionUrlConfigs: page.map((trigger) => urlView(request, trigger, target)), ...rest });
    },
  });
}

/** @throws LambdaError: only functions and their aliases have URLs */
function urlTarget(request: Request, functions: LambdaUrlDeps['functions']): LambdaTarget {
  const qualifier = single(request, 'Qualifier');
  if (qualifier !== undefined && !ALIAS.test(qualifier)) throw validation([unmatched(qualifier, 'qualifier', ALIAS_PATTERN)]);
  const target = lambdaTarget(request, functions);
  authorizeFunction(principalOf(request), target.functionName);
  return target;
}

/** The same for the same function and alias: so there can be one only. */
export function urlTriggerId({ functionName, qualifier = LATEST }: Pick<LambdaTarget, 'functionName' | 'qualifier'>): string {
  return createHash('sha256').update(`function url\0${functionName}\0${qualifier}`).digest('hex').slice(0, 32);
}

function existing(service: TriggerService, target: LambdaTarget): Promise<StoredTrigger> {
  return inLambdaWords(service.read(target.accountId, urlTriggerId(target)), {
    TRIGGER_NOT_FOUND: () => new LambdaError('ResourceNotFoundException', 'The resource you requested does not exist.'),
  });
}

function noFunction(): Record<'FUNCTION_NOT_FOUND', () => LambdaError> {
  return { FUNCTION_NOT_FOUND: () => new LambdaError('ResourceNotFoundException', 'Function does not exist') };
}

function urlView(request: Request, trigger: StoredTrigger, owner: LambdaTarget): Record<string, unknown> {
  const { accountId, functionName, qualifier, createdAt, updatedAt } = trigger;
  const { Auth, Cors, InvokeMode = 'BUFFERED' } = trigger.configuration as HttpConfiguration;
  return {
    FunctionUrl: `http://${request.headers.host ?? ''}/http/${accountId}/${qualifiedName(functionName, qualifier)}/`,
    FunctionArn: lambdaFunctionArn(owner, { functionName, ...(qualifier === LATEST ? {} : { qualifier }) }),
    AuthType: Auth === 'none' ? 'NONE' : 'AWS_IAM',
    ...(Cors === undefined ? {} : { Cors: urlCors(Cors) }),
    CreationTime: createdAt,
    LastModifiedTime: updatedAt,
    InvokeMode,
  };
}
