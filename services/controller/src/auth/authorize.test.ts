import { ACTIONS, SCOPES, authorize, isAllowed, type Action } from './authorize';

const all = Object.keys(ACTIONS) as Action[];
const allowed = (accountId: string, scopes: string[]): Action[] =>
  all.filter((action) => isAllowed({ keyId: 'k', accountId, scopes }, action));

describe('authorization', () => {
  it('lets an administrator of the default account do everything', () => {
    expect(allowed('default', ['admin'])).toEqual(all);
  });

  it('keeps operator actions from administrators of other accounts', () => {
    expect(allowed('tenant', ['admin'])).toEqual([
      'function:read',
      'function:write',
      'function:invoke',
      'trigger:read',
      'trigger:write',
      'record:read',
      'runtime:read',
    ]);
  });

  it.each([
    ['deploy', ['function:read', 'function:write', 'function:invoke', 'trigger:read', 'trigger:write', 'record:read', 'runtime:read']],
    ['invoke', ['function:invoke', 'runtime:read']],
    ['read', ['function:read', 'trigger:read', 'record:read', 'runtime:read']],
  ])('lets the scope %s do %j', (scope, expected) => {
    expect(allowed('default', [scope])).toEqual(expected);
  });

  it('lets no scope and unknown scopes do nothing', () => {
    expect(allowed('default', [])).toEqual([]);
    expect(allowed('default', ['root', '*', 'ADMIN'])).toEqual([]);
  });

  it('adds scopes up', () => {
    expect(allowed('default', ['invoke', 'read'])).toEqual([
      'function:read',
      'function:invoke',
      'trigger:read',
      'record:read',
      'runtime:read',
    ]);
  });

  it('says which scope would do', () => {
    expect(() => authorize({ keyId: 'k', accountId: 'default', scopes: ['read'] }, 'function:write')).toThrow(/admin, deploy/);
    expect(() => authorize({ keyId: 'k', accountId: 'tenant', scopes: [...SCOPES] }, 'pool:read')).toThrow(/account "default"/);
  });
});
