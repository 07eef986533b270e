import { reservationProblem, unreservedConcurrency } from './reservation-rules';

const facts = { wanted: 100, current: undefined, others: 0, accountLimit: 1000 };

describe('a reservation', () => {
  it('may take all but a tenth of the limit of the account', () => {
    expect(reservationProblem({ ...facts, wanted: 900 })).toBeUndefined();
    expect(reservationProblem({ ...facts, wanted: 901 })).toMatch(/is 901, at most 900 can be reserved.*may run 1000.*100 stay/);
    expect(reservationProblem({ ...facts, wanted: 2, accountLimit: 2 })).toMatch(/at most 1 can be reserved/);
  });

  it('counts those of the other functions', () => {
    expect(reservationProblem({ ...facts, wanted: 101, others: 800 })).toMatch(/at most 100 .*800 are reserved for other functions/);
    expect(reservationProblem({ ...facts, wanted: 100, others: 800 })).toBeUndefined();
  });

  it('can always be made smaller, or 0', () => {
    expect(reservationProblem({ ...facts, wanted: 50, current: 60, others: 5000 })).toBeUndefined();
    expect(reservationProblem({ ...facts, wanted: 0, others: 5000 })).toBeUndefined();
  });

  it('is taken from what the others share, down to a minimum', () => {
    expect(unreservedConcurrency(1000, 0)).toBe(1000);
    expect(unreservedConcurrency(1000, 300)).toBe(700);
    expect(unreservedConcurrency(1000, 5000)).toBe(100);
    expect(unreservedConcurrency(1, 1)).toBe(1);
  });
});
