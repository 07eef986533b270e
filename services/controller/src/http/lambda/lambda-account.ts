import { LIMITS, type StoredFunction } from '@easyfaas/contracts/wire';
import type { FunctionService } from '../../functions/function-service';
import type { Reservations } from '../../functions/reservations';
import type { Mount } from '../mount-route';
import { LAMBDA_PATHS } from '../policies/lambda';
import { principalOf } from '../request-context';
import { readLambdaBody } from './lambda-body';
import { LambdaError } from './lambda-error';
import { validation } from './lambda-name';
import { lambdaTarget, orNotFound, unqualified } from './lambda-target';

export interface LambdaAccountDeps {
  functions: FunctionService;
  reservations: Pick<Reservations, 'sum' | 'accountLimit'>;
}

const PAGE = 100;

/** The account's limits, and what is said of a function that is the same for every one. */
export function mountLambdaAccount(mount: Mount, { functions, reservations }: LambdaAccountDeps): void {
  mount(LAMBDA_PATHS.account, {
    get: async (request, response) => {
      const { accountId } = principalOf(request);
      const [reserved, all] = await Promise.all([reservations.sum(accountId), allOf(functions, accountId)]);
      response.json({
        AccountLimit: {
          CodeSizeUnzipped: LIMITS.unpackedBytes,
          CodeSizeZipped: LIMITS.packageBytes,
          ConcurrentExecutions: reservations.accountLimit,
          UnreservedConcurrentExecutions: reservations.accountLimit - reserved,
        },
        AccountUsage: {
          TotalCodeSize: all.reduce((sum, { configuration }) => sum + configuration.CodeSize, 0),
          FunctionCount: all.length,
        },
      });
    },
  });

  mount(LAMBDA_PATHS.codeSigning, {
    get: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      const { configuration } = await orNotFound(functions.read(target.accountId, target.functionName), target);
      response.json({ FunctionName: configuration.FunctionName });
    },
  });

  mount(LAMBDA_PATHS.recursion, {
    get: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      await orNotFound(functions.read(target.accountId, target.functionName), target);
      response.json({ RecursiveLoop: 'Terminate' });
    },
    put: async (request, response) => {
      const target = unqualified(lambdaTarget(request, functions));
      const { RecursiveLoop } = await readLambdaBody(request, 'PutFunctionRecursionConfig');
      if (RecursiveLoop !== 'Terminate' && RecursiveLoop !== 'Allow') {
        const shown = String(RecursiveLoop).slice(0, 64);
        throw validation([
          `Value '${shown}' at 'recursiveLoop' failed to satisfy constraint: Member must satisfy enum value set: [Terminate, Allow]`,
        ]);
      }
      await orNotFound(functions.read(target.accountId, target.functionName), target);
      if (RecursiveLoop === 'Allow') {
        throw new LambdaError(
          'InvalidParameterValueException',
          'RecursiveLoop Allow is not supported: calls that lead to calls end 16 deep.',
        );
      }
      response.json({ RecursiveLoop });
    },
  });
}

async function allOf(functions: FunctionService, accountId: string): Promise<StoredFunction[]> {
  const all: StoredFunction[] = [];
  for (let marker: string | undefined, isFirst = true; isFirst || marker !== undefined; isFirst = false) {
    const page = await functions.list(accountId, { limit: PAGE, ...(marker === undefined ? {} : { marker }) });
    all.push(...page.functions);
    marker = page.nextMarker;
  }
  return all;
}
