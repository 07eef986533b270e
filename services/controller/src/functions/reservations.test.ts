import { Reservations } from './reservations';
import { FakeFunctionStore, storedFunction } from './testing/fake-function-store';

function setUp(reserved: Record<string, number>): Reservations {
  const store = new FakeFunctionStore();
  for (const [name, ReservedConcurrentExecutions] of Object.entries(reserved)) {
    store.functions.set(`default:${name}`, { ...storedFunction(name), concurrency: { ReservedConcurrentExecutions } });
  }
  store.functions.set('default:free', storedFunction('free'));
  return new Reservations({ store, accountLimit: 100 });
}

describe('reservations of an account', () => {
  it('add up', async () => {
    expect(await setUp({ a: 30, b: 20 }).sum('default')).toBe(50);
    expect(await setUp({ a: 30 }).sum('other')).toBe(0);
  });

  it('are refused when they leave less than a tenth to the others, with the field and the way out', async () => {
    const reservations = setUp({ a: 30, b: 20 });
    await expect(reservations.assertPossible('default', 'free', 40)).resolves.toBeUndefined();
    await expect(reservations.assertPossible('default', 'free', 41)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { field: 'ReservedConcurrentExecutions' },
      message: expect.stringContaining('at most 40 can be reserved') as string,
    });
    // Its own one is replaced, not added.
    await expect(reservations.assertPossible('default', 'a', 70)).resolves.toBeUndefined();
    await expect(reservations.assertPossible('default', 'a', 71)).rejects.toThrow('at most 70');
    await expect(reservations.assertPossible('default', 'a', 0)).resolves.toBeUndefined();
    await expect(reservations.assertPossible('default', 'a', undefined)).resolves.toBeUndefined();
  });
});
