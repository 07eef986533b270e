import { eventInvokeConfigRequestSchema } from '@easyfaas/contracts/schemas';
import type { EventInvokeConfigRequest } from '@easyfaas/contracts/wire';
import type { Request } from 'express';
import type { EventInvokeConfigKey, StoredEventInvokeConfig } from '../../async/event-invoke-config';
import type { EventInvokeConfigService } from '../../async/event-invoke-config-service';
import { authorizeFunction } from '../../auth/authorize';
import { LATEST, VERSION_NUMBER } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import { checked } from '../body';
import type { Mount } from '../mount-route';
import { LAMBDA_CALL_PATHS } from '../policies/lambda-calls';
import { principalOf } from '../request-context';
import { readLambdaBody } from './lambda-body';
import { lambdaDestinations, ownDestinations } from './lambda-destination';
import { LambdaError } from './lambda-error';
import { lambdaFunctionArn } from './lambda-name';
import { lambdaPage } from './lambda-page';
import { type LambdaTarget, lambdaTarget } from './lambda-target';
import { inLambdaWords } from './lambda-words';

export interface LambdaEventConfigDeps {
  functions: FunctionService;
  events: { configs: EventInvokeConfigService };
}

const NOTHING = 'You must specify at least one of error handling or destination setting.';

/** What is to be done with the events of a function, a version or an alias. */
export function mountLambdaEventConfig(mount: Mount, { functions, events: { configs } }: LambdaEventConfigDeps): void {
  const targetOf = (request: Request): LambdaTarget => {
    const target = lambdaTarget(request, functions);
    authorizeFunction(principalOf(request), target.functionName);
    return target;
  };
  const put = async (request: Request, target: LambdaTarget, wanted: EventInvokeConfigRequest): Promise<StoredEventInvokeConfig> =>
    configs.put(keyOf(target), wanted, (functionName) => authorizeFunction(principalOf(request), functionName));

  mount(LAMBDA_CALL_PATHS.eventConfig, {
    put: async (request, response) => {
      const target = targetOf(request);
      const wanted = await readConfig(request, target);
      await assertThere(functions, target);
      response.json(configView(await put(request, target, wanted), target));
    },
    post: async (request, response) => {
      const target = targetOf(request);
      const wanted = await readConfig(request, target);
      const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = await existing(configs, target);
      const known = {
        ...(MaximumRetryAttempts === undefined ? {} : { MaximumRetryAttempts }),
        ...(MaximumEventAgeInSeconds === undefined ? {} : { MaximumEventAgeInSeconds }),
        DestinationConfig,
      };
      response.json(configView(await put(request, target, { ...known, ...wanted }), target));
    },
    get: async (request, response) => {
      const target = targetOf(request);
      response.json(configView(await existing(configs, target), target));
    },
    delete: async (request, response) => {
      const target = targetOf(request);
      await existing(configs, target);
      await configs.delete(keyOf(target));
      response.status(204).end();
    },
  });

  mount(LAMBDA_CALL_PATHS.eventConfigs, {
    get: async (request, response) => {
      const target = targetOf(request);
      await assertThere(functions, target);
      const all = [...(await configs.ofFunction(target.accountId, target.functionName))];
      const { page, ...rest } = lambdaPage(all, request, ([qualifier]) => qualifier);
      response.json({
        FunctionEventInvokeConfigs: page.map(([qualifier, config]) => configView(config, { ...target, qualifier })),
        ...rest,
      });
    },
  });
}

function keyOf({ accountId, functionName, qualifier = LATEST }: LambdaTarget): EventInvokeConfigKey {
  return { accountId, functionName, qualifier };
}

async function readConfig(request: Request, target: LambdaTarget): Promise<EventInvokeConfigRequest> {
  const { DestinationConfig, ...body } = await readLambdaBody(request, 'PutFunctionEventInvokeConfig');
  const destinations = DestinationConfig === undefined ? {} : { DestinationConfig: ownDestinations(DestinationConfig, target) };
  const wanted = checked(eventInvokeConfigRequestSchema, { ...body, ...destinations });
  if (Object.keys(wanted).length === 0) throw new LambdaError('InvalidParameterValueException', NOTHING);
  return wanted;
}

/** @throws LambdaError */
async function assertThere(functions: FunctionService, target: LambdaTarget): Promise<void> {
  const { accountId, functionName, qualifier } = target;
  const missing = (): LambdaError => new LambdaError('ResourceNotFoundException', "The function doesn't exist.");
  const words = { FUNCTION_NOT_FOUND: missing, ALIAS_NOT_FOUND: missing };
  await inLambdaWords(functions.read(accountId, functionName), words);
  if (qualifier === undefined || qualifier === LATEST) return;
  if (VERSION_NUMBER.test(qualifier)) await inLambdaWords(functions.versions.read(target, qualifier), words);
  else await inLambdaWords(functions.aliases.read(target, qualifier), words);
}

/** @throws LambdaError */
async function existing(configs: EventInvokeConfigService, target: LambdaTarget): Promise<StoredEventInvokeConfig> {
  const found = await configs.find(keyOf(target));
  if (found !== undefined) return found;
  throw new LambdaError('ResourceNotFoundException', `The function ${arnOf(target)} doesn't have an EventInvokeConfig`);
}

function arnOf(target: LambdaTarget): string {
  const { functionName, qualifier = LATEST } = target;
  return lambdaFunctionArn(target, { functionName, qualifier });
}

function configView(config: StoredEventInvokeConfig, target: LambdaTarget): Record<string, unknown> {
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig, LastModified = 0 } = config;
  return {
    // In seconds since the epoch, unlike the other times of the API.
    LastModified: new Date(LastModified).getTime() / 1000,
    FunctionArn: arnOf(target),
    ...(MaximumRetryAttempts === undefined ? {} : { MaximumRetryAttempts }),
    ...(MaximumEventAgeInSeconds === undefined ? {} : { MaximumEventAgeInSeconds }),
    DestinationConfig: lambdaDestinations(DestinationConfig, target),
  };
}
