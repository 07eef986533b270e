import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import type { AccountShare } from './admission';
import { SetAside } from './set-aside';

function setUp() {
  const clock = new FakeClock();
  const account: AccountShare = { accountId: 'a', admitted: 0, unreserved: 0, setAside: 0, meanCallMs: undefined };
  const answers: { resolve: (sum: number) => void; reject: (error: Error) => void }[] = [];
  const load = (): Promise<number> => new Promise((resolve, reject) => void answers.push({ resolve, reject }));
  const setAside = new SetAside({ clock, logger: silentLogger(), load });
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { clock, account, answers, setAside, settled };
}

describe('what reservations set aside', () => {
  it('is read when an account is first called, and again after a change', async () => {
    const { account, answers, setAside, settled } = setUp();
    setAside.watch(account);
    expect(account.setAside).toBe(0);
    answers[0]?.resolve(30);
    await settled();
    expect(account.setAside).toBe(30);
    setAside.onChange('a');
    setAside.onChange('unknown');
    expect(answers).toHaveLength(2);
    answers[1]?.resolve(50);
    await settled();
    expect(account.setAside).toBe(50);
  });

  it('is read once more, and only once, when it changed while it was read', async () => {
    const { account, answers, setAside, settled } = setUp();
    setAside.watch(account);
    setAside.onChange('a');
    setAside.onChange('a');
    expect(answers).toHaveLength(1);
    answers[0]?.resolve(1);
    await settled();
    answers[1]?.resolve(2);
    await settled();
    expect(answers).toHaveLength(2);
    expect(account.setAside).toBe(2);
  });

  it('stays as it was while the store is away, and is read again soon, and every minute', async () => {
    const { clock, account, answers, setAside, settled } = setUp();
    setAside.watch(account);
    answers[0]?.resolve(7);
    await settled();
    clock.advance(60_000);
    answers[1]?.reject(new Error('away'));
    await settled();
    expect(account.setAside).toBe(7);
    clock.advance(5000);
    expect(answers).toHaveLength(3);
    answers[2]?.resolve(8);
    await settled();
    setAside.stop();
    clock.advance(1e6);
    expect(answers).toHaveLength(3);
  });
});
