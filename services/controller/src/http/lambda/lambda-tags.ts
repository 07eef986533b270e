import { tagsRequestSchema } from '@easyfaas/contracts/schemas';
import type { Request } from 'express';
import { authorizeFunction } from '../../auth/authorize';
import type { FunctionService } from '../../functions/function-service';
import { checked } from '../body';
import { type Mount, pathParameter } from '../mount-route';
import { LAMBDA_PATHS } from '../policies/lambda';
import { principalOf } from '../request-context';
import { readLambdaBody } from './lambda-body';
import { LambdaError } from './lambda-error';
import { lambdaArn, readLambdaName, unmatched, validation } from './lambda-name';
import { type LambdaTarget, orNotFound } from './lambda-target';

const PATTERN =
  'arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)';
const FUNCTION = /^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:(\$LATEST|[\w-]+))?$/;
const OTHER =
  /^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:(?:(event-source-mapping):[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(capacity-provider):[\w-]+)$/;

/** Tags of functions, by their ARN. */
export function mountLambdaTags(mount: Mount, { functions }: { functions: FunctionService }): void {
  const targetOf = (request: Request): LambdaTarget => {
    const owner = { accountId: principalOf(request).accountId, region: functions.region };
    const functionName = functionNameOf(pathParameter(request, 'resource'), owner);
    authorizeFunction(principalOf(request), functionName);
    return { ...owner, functionName };
  };

  mount(LAMBDA_PATHS.tags, {
    get: async (request, response) => {
      const target = targetOf(request);
      const { configuration } = await orNotFound(functions.read(target.accountId, target.functionName), target);
      response.json({ Tags: configuration.Tags });
    },
    post: async (request, response) => {
      const target = targetOf(request);
      const { Tags } = checked(tagsRequestSchema, await readLambdaBody(request, 'TagResource'));
      if (Object.keys(Tags).length === 0) {
        throw new LambdaError('InvalidParameterValueException', 'An error occurred and the request cannot be processed.');
      }
      await orNotFound(functions.tags.add(target, Tags), target);
      response.status(204).end();
    },
    delete: async (request, response) => {
      const target = targetOf(request);
      const { tagKeys } = request.query;
      if (tagKeys === undefined) throw validation(["Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"]);
      await orNotFound(functions.tags.remove(target, [tagKeys].flat().map(String)), target);
      response.status(204).end();
    },
  });
}

/** @throws LambdaError for what has no tags here */
function functionNameOf(arn: string, owner: { accountId: string; region: string }): string {
  const [, mapping, provider] = OTHER.exec(arn) ?? [];
  if (mapping !== undefined) throw new LambdaError('ResourceNotFoundException', `Event source mapping not found: ${arn}`);
  if (provider !== undefined) throw new LambdaError('ResourceNotFoundException', `Capacity provider not found: ${arn}`);
  if (arn.startsWith(lambdaArn(owner, 'layer:')))
    throw new LambdaError('InvalidParameterValueException', 'Tags on layers are not supported.');
  if (!FUNCTION.test(arn)) throw validation([unmatched(arn, 'resource', PATTERN)]);
  const { functionName, qualifier } = readLambdaName(arn, owner);
  if (qualifier === undefined) return functionName;
  throw new LambdaError(
    'InvalidParameterValueException',
    'Tags on function aliases and versions are not supported. Please specify a function ARN.',
  );
}
