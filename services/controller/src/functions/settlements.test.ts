import type { StoredFunction } from '@easyfaas/contracts/wire';
import { FakeClock, ServiceError, silentLogger } from '@easyfaas/service-kit';
import { withUnsettledCode } from './settlement-rules';
import { Settlements } from './settlements';
import { FakeFunctionStore, storedFunction } from './testing/fake-function-store';

const LAYER = { arn: 'l:1', sha256: 'b'.repeat(64), sizeBytes: 1, unpackedBytes: 1 };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what becomes of a function whose code was stored', () => {
  let store: FakeFunctionStore;
  let clock: FakeClock;
  let asked: unknown[];
  let answers: (ServiceError | undefined)[];
  let settlements: Settlements;

  beforeEach(() => {
    store = new FakeFunctionStore();
    clock = new FakeClock(Date.UTC(2030, 0, 1));
    asked = [];
    answers = [];
    settlements = new Settlements({
      store,
      clock,
      logger: silentLogger(),
      prepareCode: async (...wish) => {
        asked.push(wish);
        const answer = answers.shift();
        if (answer !== undefined) throw answer;
      },
    });
  });

  const pending = storedFunction('f', { State: 'Pending' });
  const stored = async (): Promise<StoredFunction['configuration'] | undefined> => (await store.get('default', 'f'))?.configuration;
  const failing = (code: 'DISK_FULL' | 'FUNCLET_UNAVAILABLE' | 'PACKAGE_MISSING', times: number): void => {
    answers = Array.from({ length: times }, () => new ServiceError(code, 'Words of the funclet.'));
  };
  /** Lets all waits between tries pass. */
  const patience = async (): Promise<void> => {
    for (let tries = 0; tries < 8; tries += 1) {
      await turn();
      clock.advance(1000);
    }
    await turn();
  };

  it('has code and layers unpacked for its account, and is active then', async () => {
    const layered = { ...pending, layers: [LAYER] };
    await store.create(layered);
    const settled = await settlements.settled(layered, 1000);
    expect(asked).toEqual([[pending.code.sha256, { accountId: 'default', layerSha256s: [LAYER.sha256] }]]);
    expect(settled.configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful', RevisionId: 'revision-1' });
  });

  it('stays callable while an update is in progress, and is settled with it', async () => {
    const updating = withUnsettledCode(storedFunction('f'));
    expect(updating.configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'InProgress' });
    await store.create(updating);
    const { configuration } = await settlements.settled(updating, 1000);
    expect(configuration.LastUpdateStatus).toBe('Successful');
    expect(configuration).not.toHaveProperty('LastUpdateStatusReason');
  });

  it('fails with the words of what has to be mended, and is pending again when its code is updated', async () => {
    await store.create(pending);
    failing('PACKAGE_MISSING', 1);
    const failed = await settlements.settled(pending, 1000);
    expect(failed.configuration).toMatchObject({
      State: 'Failed',
      StateReason: 'Words of the funclet.',
      StateReasonCode: 'PACKAGE_MISSING',
      LastUpdateStatus: 'Failed',
    });
    expect(withUnsettledCode(failed).configuration).toMatchObject({ State: 'Pending', StateReasonCode: 'Creating' });
    expect(withUnsettledCode(failed).configuration).not.toHaveProperty('LastUpdateStatusReason');
  });

  it('is tried again while the disk is full, and then fails', async () => {
    await store.create(pending);
    failing('DISK_FULL', 4);
    settlements.start(pending);
    await patience();
    expect(asked).toHaveLength(4);
    expect(await stored()).toMatchObject({ State: 'Failed', StateReasonCode: 'DISK_FULL' });
    expect((await stored())?.StateReason).toContain('update the code');
  });

  it('does not fail for a funclet that is away: the first call unpacks its code', async () => {
    await store.create(pending);
    failing('FUNCLET_UNAVAILABLE', 9);
    settlements.start(pending);
    await patience();
    expect(await stored()).toMatchObject({ State: 'Active' });
    expect((await stored())?.StateReason).toContain('first call');
  });

  it('is waited for only so long', async () => {
    await store.create(pending);
    failing('DISK_FULL', 1);
    const waiting = settlements.settled(pending, 100);
    await turn();
    clock.advance(100);
    expect((await waiting).configuration.State).toBe('Pending');
  });

  it('is written although others change the function meanwhile, and not for code that is no longer its', async () => {
    await store.create(pending);
    const put = store.replace.bind(store);
    let others = 1;
    store.replace = async (updated, expected) => {
      if (others-- > 0) {
        const current = (await store.get('default', 'f')) as StoredFunction;
        await put({ ...current, configuration: { ...current.configuration, Description: 'new', RevisionId: 'r2' } }, expected);
      }
      return put(updated, expected);
    };
    await settlements.settled(pending, 1000);
    expect(await stored()).toMatchObject({ State: 'Active', Description: 'new', RevisionId: 'r2' });

    await put({ ...pending, code: { ...pending.code, sha256: 'c'.repeat(64) } }, 'r2');
    await settlements.settled(pending, 1000);
    expect((await stored())?.State).toBe('Pending');
  });

  it('is taken up by others when whoever began has died', async () => {
    await store.create(pending);
    settlements.resume(pending);
    expect(asked).toEqual([]);
    clock.advance(60_000);
    settlements.resume(pending);
    await turn();
    expect(await stored()).toMatchObject({ State: 'Active' });
    settlements.resume((await store.get('default', 'f')) as StoredFunction);
    expect(asked).toHaveLength(1);
  });

  it('stays as it was when the store is away', async () => {
    await store.create(pending);
    store.isAway = true;
    settlements.start(pending);
    await turn();
    store.isAway = false;
    expect((await stored())?.State).toBe('Pending');
  });
});
