import { ACTIONS, SCOPES, authorize, authorizeAccount, authorizeFunction, isAllowed, isScope, type Action } from './authorize';
import { FunctionLimit } from './function-limit';

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

  it('lets a single action do just that', () => {
    expect(allowed('default', ['function:invoke'])).toEqual(['function:invoke']);
    expect(allowed('default', ['pool:read', 'key:write'])).toEqual([]);
    expect(['admin', 'invoke', 'record:read'].every(isScope)).toBe(true);
    expect(['key:read', 'metrics:read', 'toString', 'root'].some(isScope)).toBe(false);
  });

  it('keeps a key that is for some functions to these', () => {
    const principal = { keyId: 'k', accountId: 'default', scopes: ['deploy'], functions: new FunctionLimit(['one', 'shop-*']) };
    for (const name of ['one', 'shop-', 'shop-cart']) expect(() => authorizeFunction(principal, name)).not.toThrow();
    for (const name of ['One', 'one-more', 'shop', 'a-shop-x']) expect(() => authorizeFunction(principal, name)).toThrow(/one, shop-\*/);
    expect(() => authorizeAccount(principal)).toThrow(/only for the functions/);
    expect(() => authorizeAccount({ keyId: 'k', accountId: 'default', scopes: ['deploy'] })).not.toThrow();
  });
});
