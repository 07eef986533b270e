import { PayloadBudget } from './payload-budget';

it('a payload is let in while there is room, and leaves its room to others', () => {
  const budget = new PayloadBudget(10, () => expect('nothing to be collected').toBe('collected'));
  expect(budget.take(6)).toBe(true);
  expect(budget.take(5)).toBe(false);
  expect(budget.heldBytes).toBe(6);
  budget.give(6);
  expect(budget.take(10)).toBe(true);
});

it('memory of payloads is freed each 32 MB that were given back', () => {
  let collections = 0;
  const budget = new PayloadBudget(Infinity, () => collections++);
  for (let megabytes = 0; megabytes < 100; megabytes++) {
    budget.take(1 << 20);
    budget.give(1 << 20);
  }
  expect(collections).toBe(3);
});
