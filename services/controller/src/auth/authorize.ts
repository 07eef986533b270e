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

/** The one place that says yes or no. Pure and cheap: the hot path calls it for each invocation. */
export function isAllowed({ accountId, scopes }: Principal, action: Action): boolean {
  const needed: readonly string[] | 'operator' = ACTIONS[action];
  if (needed === 'operator') return accountId === DEFAULT_ACCOUNT && scopes.includes('admin');
  for (const scope of scopes) if (needed.includes(scope)) return true;
  return false;
}

/** @throws ServiceError FORBIDDEN */
export function authorize(principal: Principal, action: Action): void {
  if (isAllowed(principal, action)) return;
  const needed: readonly string[] | 'operator' = ACTIONS[action];
  const way =
    needed === 'operator' ? `an admin key of the account "${DEFAULT_ACCOUNT}"` : `a key with one of the scopes ${needed.join(', ')}`;
  throw new ServiceError('FORBIDDEN', `This key may not do that (${action}); use ${way}.`);
}
