import type { Request, Response } from 'express';
import { FUNCTION_SANDBOX, sandboxFunctions } from './function-sandbox';
import { ROUTE_POLICIES } from './route-policy';
import type { ConsoleHosts } from './console-hosts';

function policyOn(path: string, hosts: ConsoleHosts, host = 'localhost:8080'): string | undefined {
  const set: Record<string, string> = {};
  const request = { path, headers: { host } } as unknown as Request;
  const response = { setHeader: (name: string, value: string) => (set[name] = value) } as unknown as Response;
  let isPassedOn = false;
  void sandboxFunctions(hosts)(request, response, () => (isPassedOn = true));
  expect(isPassedOn).toBe(true);
  return set['Content-Security-Policy'];
}

describe('what functions answer web clients', () => {
  it('has an origin of its own, without the power to leave it', () => {
    expect(policyOn('/http/default/page', 'all')).toBe(FUNCTION_SANDBOX);
    expect(FUNCTION_SANDBOX).not.toContain('allow-same-origin');
    expect(FUNCTION_SANDBOX).not.toContain('allow-popups-to-escape-sandbox');
  });

  it('is so at every path that functions serve, and at no other', () => {
    const plain = (path: string): string => path.replace('{/*path}', '/x').replace(/:\w+/g, 'x').replace('{/}', '');
    for (const { path, action, isCall } of ROUTE_POLICIES) {
      const isFunctions = action === 'trigger' || isCall === true;
      expect([path, policyOn(plain(path), 'all') !== undefined]).toEqual([path, isFunctions]);
    }
  });

  it('is as the function has it at hosts that the console is not served at', () => {
    expect(policyOn('/http/default/page', ['console.example'])).toBeUndefined();
    expect(policyOn('/http/default/page', ['localhost'])).toBe(FUNCTION_SANDBOX);
    expect(policyOn('/http/default/page', [])).toBeUndefined();
  });
});
