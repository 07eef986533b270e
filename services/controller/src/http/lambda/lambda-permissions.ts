import type { HttpConfiguration, StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { LATEST, VERSION_NUMBER } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import { urlPermissionsOf } from '../../functions/url-permissions';
import type { TriggerService } from '../../triggers/trigger-service';
import { type Mount, pathParameter } from '../mount-route';
import { LAMBDA_PATHS } from '../policies/lambda';
import { optionalText, readLambdaBody } from './lambda-body';
import { LambdaError } from './lambda-error';
import { urlTriggerId } from './lambda-function-urls';
import { lambdaFunctionArn } from './lambda-name';
import { single } from './lambda-page';
import { readStatement, statementView } from './lambda-statement';
import { type LambdaTarget, lambdaTarget, orNotFound, preconditionFailed } from './lambda-target';
import { inLambdaWords } from './lambda-words';

export interface LambdaPermissionDeps {
  functions: FunctionService;
  triggers: { service: Pick<TriggerService, 'read'> };
}

/** AddPermission, GetPolicy and RemovePermission, as far as they are about function URLs that let everybody in. */
export function mountLambdaPermissions(mount: Mount, { functions, triggers: { service } }: LambdaPermissionDeps): void {
  mount(LAMBDA_PATHS.policy, {
    post: async (request, response) => {
      const target = lambdaTarget(request, functions);
      const body = await readLambdaBody(request, 'AddPermission');
      if (target.qualifier === LATEST) throw refused('We currently do not support adding policies for $LATEST.');
      const statement = readStatement(body);
      await assertThere(functions, target, () => orNotFound(functions.read(target.accountId, target.functionName), target));
      const added = functions.urlPermissions.add(keyOf(target), statement, optionalText(body, 'RevisionId'));
      const exists = `The statement id (${statement.statementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`;
      await inLambdaWords(added, {
        CONFLICT: () => new LambdaError('ResourceConflictException', exists),
        PRECONDITION_FAILED: preconditionFailed,
      });
      response.status(201).json({ Statement: JSON.stringify(statementView(statement, target, target)) });
    },
    get: async (request, response) => {
      const target = lambdaTarget(request, functions);
      const stored = await inLambdaWords(functions.read(target.accountId, target.functionName), { FUNCTION_NOT_FOUND: noPolicy });
      const statements = urlPermissionsOf(stored, target.qualifier ?? LATEST);
      if (statements.length === 0) throw noPolicy();
      const Statement = statements.map((each) => statementView(each, target, target));
      const policy = { Version: '2012-10-17', Id: 'default', Statement };
      response.json({ Policy: JSON.stringify(policy), RevisionId: stored.configuration.RevisionId });
    },
  });

  mount(LAMBDA_PATHS.statement, {
    delete: async (request, response) => {
      const target = lambdaTarget(request, functions);
      const statementId = pathParameter(request, 'statement');
      const missing = (): LambdaError => notFound(`No policy found for: ${lambdaFunctionArn(target, target)}`);
      const stored = await assertThere(functions, target, () =>
        inLambdaWords(functions.read(target.accountId, target.functionName), { FUNCTION_NOT_FOUND: missing }),
      );
      const statements = urlPermissionsOf(stored, target.qualifier ?? LATEST);
      if (statements.length === 0) throw notFound('No policy is associated with the given resource.');
      const rest = statements.filter((each) => each.statementId !== statementId);
      if (rest.length === statements.length) throw notFound(`Statement ${statementId.slice(0, 100)} is not found in resource policy.`);
      if (rest.length === 0 && (await isOpen(service, target))) {
        throw new LambdaError(
          'ResourceConflictException',
          'The function URL lets everybody in with or without this statement: delete the URL, or set its AuthType to AWS_IAM, and then remove this.',
        );
      }
      const removed = functions.urlPermissions.remove(keyOf(target), statementId, single(request, 'RevisionId'));
      await inLambdaWords(removed, { PRECONDITION_FAILED: preconditionFailed });
      response.status(204).end();
    },
  });
}

/** @throws LambdaError when there is no such function or alias */
async function assertThere(functions: FunctionService, target: LambdaTarget, read: () => Promise<StoredFunction>): Promise<StoredFunction> {
  const { qualifier } = target;
  const stored = await read();
  if (qualifier === undefined || qualifier === LATEST) return stored;
  if (VERSION_NUMBER.test(qualifier) || qualifier.includes('$')) {
    await orNotFound(functions.versions.read(target, qualifier), target);
    throw refused('A published version has no function URL; name the function or an alias.');
  }
  await inLambdaWords(functions.aliases.read(target, qualifier), {
    ALIAS_NOT_FOUND: () => notFound(`Cannot find alias arn: ${lambdaFunctionArn(target, target)}`),
  });
  return stored;
}

function keyOf({ accountId, functionName, qualifier = LATEST }: LambdaTarget): {
  accountId: string;
  functionName: string;
  qualifier: string;
} {
  return { accountId, functionName, qualifier };
}

async function isOpen(service: Pick<TriggerService, 'read'>, target: LambdaTarget): Promise<boolean> {
  try {
    const { configuration } = await service.read(target.accountId, urlTriggerId(target));
    return (configuration as HttpConfiguration).Auth === 'none';
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'TRIGGER_NOT_FOUND') return false;
    throw error;
  }
}

function noPolicy(): LambdaError {
  return notFound('The resource you requested does not exist.');
}

function notFound(message: string): LambdaError {
  return new LambdaError('ResourceNotFoundException', message);
}

function refused(message: string): LambdaError {
  return new LambdaError('InvalidParameterValueException', message);
}
