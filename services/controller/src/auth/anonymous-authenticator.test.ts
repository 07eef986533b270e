import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import { AnonymousAuthenticator, anonymousAccessProblem } from './anonymous-authenticator';

describe('authentication switched off', () => {
  it.each([undefined, '', 'no', 'YES', '1', 'true'])('is refused when the acceptance is %j', (acceptance) => {
    expect(anonymousAccessProblem(acceptance)).toMatch(/EASYFAAS_I_ACCEPT_ANONYMOUS_CODE_EXECUTION=yes/);
    expect(() => new AnonymousAuthenticator({ acceptance, clock: new FakeClock(), logger: silentLogger() })).toThrow(/EASYFAAS_AUTH=off/);
  });

  it('makes everybody the administrator and says so each minute', () => {
    const clock = new FakeClock();
    let warnings = 0;
    const logger = { ...silentLogger(), warn: () => void (warnings += 1) };
    const authenticator = new AnonymousAuthenticator({ acceptance: 'yes', clock, logger });
    expect(authenticator.authenticate()).toMatchObject({ accountId: 'default', scopes: ['admin'] });
    expect(warnings).toBe(1);
    clock.advance(180_000);
    expect(warnings).toBe(4);
  });
});
