import { ServiceError } from '@easyfaas/service-kit';
import type { Principal } from './principal';

/** The account of the admin key made at first boot: its administrators operate the instance. */
export const DEFAULT_ACCOUNT = 'default';

/** What a key may be allowed to do, always within its own account. `admin` is all of it. */
export const SCOPES = ['admin', 'deploy', 'invoke', 'read'] as const;
export type Scope = (typeof SCOPES)[number];

/**
 * What a route does, for the policy. `operator` ones show or change the whole instance, other accounts included: they are
 * for administrators of the default account.
 */
export const ACTIONS = {
  'function:read': ['admin', 'deploy', 'read'],
  'function:write': ['admin', 'deploy'],
  'function:invoke': ['admin', 'deploy', 'invoke'],
  'trigger:read': ['admin', 'deploy', 'read'],
  'trigger:write': ['admin', 'deploy'],
  'record:read': ['admin', 'deploy', 'read'],
  'runtime:read': ['admin', 'deploy', 'read', 'invoke'],
  'pool:read': 'operator',
  'pool:write': 'operator',
  'metrics:read': 'operator',
  'key:read': 'operator',
  'key:write': 'operator',
} as const satisfies Record<string, readonly Scope[] | 'operator'>;
export type Action = keyof typeof ACTIONS;

/** A role, or one action by its name; those of operators can only be had with `admin`. */
export function isScope(text: string): boolean {
  return SCOPES.some((scope) => scope === text) || (Object.hasOwn(ACTIONS, text) && ACTIONS[text as Action] !== 'operator');
}

/** The one place that says yes or no. Pure and cheap: the hot path calls it for each invocation. */
export function isAllowed({ accountId, scopes }: Principal, action: Action): boolean {
  const needed: readonly string[] | 'operator' = ACTIONS[action];
  if (needed === 'operator') return accountId === DEFAULT_ACCOUNT && scopes.includes('admin');
  for (const scope of scopes) if (scope === action || needed.includes(scope)) return true;
  return false;
}

/** @throws ServiceError FORBIDDEN */
export function authorize(principal: Principal, action: Action): void {
  if (isAllowed(principal, action)) return;
  const needed: readonly string[] | 'operator' = ACTIONS[action];
  const way =
    needed === 'operator'
      ? `an admin key of the account "${DEFAULT_ACCOUNT}"`
      : `a key with one of the scopes ${needed.join(', ')}, or ${action}`;
  throw new ServiceError('FORBIDDEN', `This key may not do that (${action}); use ${way}.`);
}

/**
 * Of functions that there are and that there are not alike.
 * @throws ServiceError FORBIDDEN when the key is limited to other functions
 */
export function authorizeFunction({ functions }: Principal, functionName: string): void {
  if (functions === undefined || functions.covers(functionName)) return;
  throw limitedKey(functions.patterns);
}

/** @throws ServiceError FORBIDDEN when the key is limited to some functions: for what concerns the whole account */
export function authorizeAccount({ functions }: Principal): void {
  if (functions !== undefined) throw limitedKey(functions.patterns);
}

function limitedKey(patterns: readonly string[]): ServiceError {
  const shown = patterns.slice(0, 5).join(', ') + (patterns.length > 5 ? ', …' : '');
  return new ServiceError('FORBIDDEN', `This key is only for the functions ${shown} of its account; use one without that limit.`);
}
