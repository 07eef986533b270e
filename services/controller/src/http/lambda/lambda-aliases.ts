import { createAliasRequestSchema, updateAliasRequestSchema } from '@easyfaas/contracts/schemas';
import type { AliasConfiguration, AliasRoutingConfig } from '@easyfaas/contracts/wire';
import type { Request } from 'express';
import { LATEST } from '../../functions/function-name';
import type { FunctionService } from '../../functions/function-service';
import { checked } from '../body';
import { type Mount, pathParameter } from '../mount-route';
import { LAMBDA_PATHS } from '../policies/lambda';
import { checkWeights } from './lambda-alias-rules';
import { readLambdaBody } from './lambda-body';
import { LambdaError } from './lambda-error';
import { lambdaFunctionArn, lambdaFunctionNotFound } from './lambda-name';
import { lambdaPage, single } from './lambda-page';
import { type LambdaTarget, lambdaTarget, orNotFound, preconditionFailed, unqualified } from './lambda-target';
import { inLambdaWords } from './lambda-words';

interface Deps {
  functions: FunctionService;
}

/** Aliases, with the share of a second version. */
export function mountLambdaAliases(mount: Mount, { functions }: Deps): void {
  const targetOf = (request: Request): LambdaTarget => unqualified(lambdaTarget(request, functions));
  const aliasOf = (request: Request): { target: LambdaTarget; name: string; arn: string } => {
    const target = targetOf(request);
    const name = pathParameter(request, 'alias');
    return { target, name, arn: lambdaFunctionArn(target, { functionName: target.functionName, qualifier: name }) };
  };

  mount(LAMBDA_PATHS.aliases, {
    post: async (request, response) => {
      const target = targetOf(request);
      const raw = await readLambdaBody(request, 'CreateAlias');
      checkWeights(raw);
      const body = checked(createAliasRequestSchema, raw);
      await assertVersions(functions, target, [body.FunctionVersion, ...weighted(body.RoutingConfig)]);
      const arn = lambdaFunctionArn(target, { functionName: target.functionName, qualifier: body.Name });
      const made = await inLambdaWords(functions.aliases.create(target, body), {
        CONFLICT: () => new LambdaError('ResourceConflictException', `Alias already exists: ${arn}`),
      });
      response.status(201).json(aliasView(made, target));
    },
    get: async (request, response) => {
      const target = targetOf(request);
      const version = single(request, 'FunctionVersion');
      const all = await orNotFound(functions.aliases.list(target), target);
      const wanted = all.filter(({ FunctionVersion }) => version === undefined || FunctionVersion === version);
      const { page, ...rest } = lambdaPage(wanted, request, ({ Name }) => Name);
      response.json({ Aliases: page.map((alias) => aliasView(alias, target)), ...rest });
    },
  });

  mount(LAMBDA_PATHS.alias, {
    get: async (request, response) => {
      const { target, name, arn } = aliasOf(request);
      response.json(aliasView(await found(functions.aliases.read(target, name), arn), target));
    },
    put: async (request, response) => {
      const { target, name, arn } = aliasOf(request);
      const raw = await readLambdaBody(request, 'UpdateAlias');
      const current = await found(functions.aliases.read(target, name), arn);
      checkWeights({ FunctionVersion: current.FunctionVersion, ...raw });
      const { RevisionId, ...body } = checked(updateAliasRequestSchema, raw);
      await assertVersions(functions, target, [body.FunctionVersion ?? current.FunctionVersion, ...weighted(body.RoutingConfig)]);
      const updated = inLambdaWords(functions.aliases.update(target, name, body, RevisionId), { PRECONDITION_FAILED: preconditionFailed });
      response.json(aliasView(await found(updated, arn), target));
    },
    delete: async (request, response) => {
      const { target, name, arn } = aliasOf(request);
      await found(functions.aliases.delete(target, name), arn);
      response.status(204).end();
    },
  });
}

function weighted(routing: Partial<AliasRoutingConfig> = {}): string[] {
  return Object.keys(routing.AdditionalVersionWeights ?? {});
}

/** Says which version is missing. @throws LambdaError */
async function assertVersions(functions: FunctionService, target: LambdaTarget, versions: readonly string[]): Promise<void> {
  for (const version of versions) {
    if (version === LATEST) continue;
    const name = { functionName: target.functionName, qualifier: version };
    await inLambdaWords(functions.versions.read(target, version), { FUNCTION_NOT_FOUND: () => lambdaFunctionNotFound(target, name) });
  }
}

function found<T>(promise: Promise<T>, arn: string): Promise<T> {
  const missing = (): LambdaError => new LambdaError('ResourceNotFoundException', `Cannot find alias arn: ${arn}`);
  return inLambdaWords(promise, { ALIAS_NOT_FOUND: missing, FUNCTION_NOT_FOUND: missing });
}

function aliasView(
  { Name, FunctionVersion, Description, RoutingConfig, RevisionId }: AliasConfiguration,
  target: LambdaTarget,
): Record<string, unknown> {
  return {
    AliasArn: lambdaFunctionArn(target, { functionName: target.functionName, qualifier: Name }),
    Name,
    FunctionVersion,
    Description,
    ...(RoutingConfig === undefined ? {} : { RoutingConfig }),
    RevisionId,
  };
}
