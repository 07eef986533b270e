import type { ProvisionedConcurrency } from '@easyfaas/contracts/wire';
import { LATEST, VERSION_NUMBER } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import type { ProvisionedService } from '../../functions/provisioned-service';
import type { Mount } from '../mount-route';
import { LAMBDA_PATHS } from '../policies/lambda';
import { readLambdaBody } from './lambda-body';
import { LambdaError } from './lambda-error';
import { lambdaFunctionArn, validation } from './lambda-name';
import { lambdaPage, single } from './lambda-page';
import { type LambdaTarget, lambdaTarget, orNotFound, unqualified } from './lambda-target';
import { lambdaTime } from './lambda-view';
import { inLambdaWords } from './lambda-words';

interface Deps {
  functions: FunctionService;
  provisioned: ProvisionedService;
}

type Qualified = LambdaTarget & { qualifier: string };

const EXECUTIONS = 'ProvisionedConcurrentExecutions';

/** Reserved and provisioned concurrency. */
export function mountLambdaConcurrency(mount: Mount, { functions, provisioned }: Deps): void {
  mount(LAMBDA_PATHS.setConcurrency, {
    put: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      await orNotFound(functions.read(target.accountId, target.functionName), target, LATEST);
      const reserved = wholeNumber(await readLambdaBody(request, 'PutFunctionConcurrency'), 'ReservedConcurrentExecutions', 0);
      const { concurrency } = await functions.setConcurrency(target.accountId, target.functionName, {
        ReservedConcurrentExecutions: reserved,
      });
      response.json(concurrency);
    },
    delete: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      await orNotFound(functions.setConcurrency(target.accountId, target.functionName, {}), target);
      response.status(204).end();
    },
  });

  mount(LAMBDA_PATHS.getConcurrency, {
    get: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      response.json((await orNotFound(functions.read(target.accountId, target.functionName), target)).concurrency);
    },
  });

  mount(LAMBDA_PATHS.provisioned, {
    put: async (request, response) => {
      const executions = wholeNumber(await readLambdaBody(request, 'PutProvisionedConcurrencyConfig'), EXECUTIONS, 1);
      const target = qualified(
        lambdaTarget(request, functions),
        'Provisioned Concurrency Configs cannot be applied to unpublished function versions.',
      );
      await assertQualifier(functions, target);
      response.status(202).json(view(await provisioned.put(target, executions)));
    },
    get: async (request, response) => {
      if (single(request, 'List') === 'ALL') {
        const target = unqualified(lambdaTarget(request, functions));
        const all = await orNotFound(provisioned.list(target.accountId, target.functionName), target);
        const { page, ...rest } = lambdaPage(all, request, ([qualifier]) => qualifier);
        const arn = (qualifier: string): string => lambdaFunctionArn(target, { functionName: target.functionName, qualifier });
        response.json({
          ProvisionedConcurrencyConfigs: page.map(([qualifier, state]) => ({ FunctionArn: arn(qualifier), ...view(state) })),
          ...rest,
        });
        return;
      }
      const target = await published(functions, lambdaTarget(request, functions));
      const kept = await inLambdaWords(provisioned.read(target), { PROVISIONED_NOT_FOUND: noConfiguration });
      response.json(view(kept));
    },
    delete: async (request, response) => {
      const target = await published(functions, lambdaTarget(request, functions));
      const names = await provisioned.list(target.accountId, target.functionName);
      if (names.some(([qualifier]) => qualifier === target.qualifier)) await provisioned.delete(target);
      response.status(204).end();
    },
  });
}

/** A version or an alias that is there. @throws LambdaError */
async function published(functions: FunctionService, target: LambdaTarget): Promise<Qualified> {
  const named = qualified(target, 'The function resource provided must be an alias or a published version.');
  await assertQualifier(functions, named);
  return named;
}

function qualified(target: LambdaTarget, otherwise: string): Qualified {
  const { qualifier } = target;
  if (qualifier !== undefined && qualifier !== LATEST) return { ...target, qualifier };
  throw new LambdaError('InvalidParameterValueException', otherwise);
}

async function assertQualifier(functions: FunctionService, target: Qualified): Promise<void> {
  const missing = `Cannot find alias arn: ${lambdaFunctionArn(target, target)}`;
  const read = functions.versions.read(target, target.qualifier);
  if (VERSION_NUMBER.test(target.qualifier)) await orNotFound(read, target);
  else await inLambdaWords(read, { FUNCTION_NOT_FOUND: () => new LambdaError('ResourceNotFoundException', missing) });
}

function noConfiguration(): LambdaError {
  return new LambdaError('ProvisionedConcurrencyConfigNotFoundException', 'No Provisioned Concurrency Config found for this function');
}

function view({ LastModified, ...state }: ProvisionedConcurrency): Record<string, unknown> {
  return { ...state, LastModified: lambdaTime(LastModified) };
}

/** @throws LambdaError */
function wholeNumber(body: Readonly<Record<string, unknown>>, name: string, min: number): number {
  const value = body[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= 100_000) return value;
  const member = `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
  if (value === undefined) throw validation([`Value null at '${member}' failed to satisfy constraint: Member must not be null`]);
  const shown = JSON.stringify(value).slice(0, 32);
  throw validation([
    `Value '${shown}' at '${member}' failed to satisfy constraint: Member must have value greater than or equal to ${min}`,
  ]);
}
