import type { StoredUrlPermission } from '@easyfaas/contracts/wire';
import { optionalText } from './lambda-body';
import { LambdaError } from './lambda-error';
import { type LambdaOwner, lambdaFunctionArn, unmatched, validation } from './lambda-name';

const SID = /^[\w-]{1,100}$/;
const MEMBERS = [
  'Action',
  'EventSourceToken',
  'FunctionUrlAuthType',
  'InvokedViaFunctionUrl',
  'Principal',
  'PrincipalOrgID',
  'RevisionId',
  'SourceAccount',
  'SourceArn',
  'StatementId',
];
const WAY =
  'There are no resource policies: who may call a function is what the scopes of keys and the triggers say. A statement can say what a function URL of the AuthType NONE does: ' +
  'Principal *, with the Action lambda:InvokeFunctionUrl and the FunctionUrlAuthType NONE, or with lambda:InvokeFunction and InvokedViaFunctionUrl, and no other condition.';

/**
 * A statement as it is asked for. Only such as are true of a function URL that lets everybody in are taken.
 * @throws LambdaError
 */
export function readStatement(body: Readonly<Record<string, unknown>>): StoredUrlPermission {
  const unknown = Object.keys(body).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw refused(`${unknown.slice(0, 64)} is not known here; leave it out.`);
  const [statementId, action, principal] = ['StatementId', 'Action', 'Principal'].map((name) => optionalText(body, name));
  const missing = Object.entries({ statementId, action, principal }).filter(([, value]) => value === undefined);
  if (missing.length > 0) {
    throw validation(missing.map(([name]) => `Value null at '${name}' failed to satisfy constraint: Member must not be null`));
  }
  if (!SID.test(statementId ?? '')) throw validation([unmatched(statementId ?? '', 'statementId', '([a-zA-Z0-9-_]+)')]);
  const { FunctionUrlAuthType, InvokedViaFunctionUrl, EventSourceToken, PrincipalOrgID, SourceAccount, SourceArn } = body;
  const isBare = [EventSourceToken, PrincipalOrgID, SourceAccount, SourceArn].every((each) => each === undefined);
  if (principal !== '*' || !isBare) throw refused(WAY);
  if (action === 'lambda:InvokeFunctionUrl' && FunctionUrlAuthType === 'NONE' && InvokedViaFunctionUrl === undefined) {
    return { statementId: statementId ?? '', action };
  }
  if (action === 'lambda:InvokeFunction' && FunctionUrlAuthType === undefined && InvokedViaFunctionUrl === true) {
    return { statementId: statementId ?? '', action };
  }
  throw refused(WAY);
}

/** As AWS shows it. */
export function statementView(
  { statementId, action }: StoredUrlPermission,
  owner: LambdaOwner,
  name: { functionName: string; qualifier?: string },
): object {
  return {
    Sid: statementId,
    Effect: 'Allow',
    Principal: '*',
    Action: action,
    Resource: lambdaFunctionArn(owner, name),
    Condition:
      action === 'lambda:InvokeFunctionUrl'
        ? { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' } }
        : { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
  };
}

function refused(message: string): LambdaError {
  return new LambdaError('InvalidParameterValueException', message);
}
