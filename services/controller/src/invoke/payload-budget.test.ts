import { PayloadBudget } from './payload-budget';

it('a payload is let in while there is room, and leaves its room to others', () => {
  const budget = new PayloadBudget(10);
  expect(budget.take(6)).toBe(true);
  expect(budget.take(5)).toBe(false);
  expect(budget.heldBytes).toBe(6);
  budget.give(6);
  expect(budget.take(10)).toBe(true);
});
