import { retryAfterSeconds } from './retry-after';

it.each([
  ['the line goes through the slots', { ahead: 1000, slots: 8, meanCallMs: 100 }, 13],
  ['short calls are over in a moment', { ahead: 10, slots: 10, meanCallMs: 2 }, 1],
  ['long calls of a long line', { ahead: 1000, slots: 1, meanCallMs: 30_000 }, 60],
  ['nothing was measured yet', { ahead: 5, slots: 1, meanCallMs: undefined }, 5],
  ['nothing can run yet', { ahead: 3, slots: 0, meanCallMs: 1000 }, 3],
  ['nobody is before', { ahead: 0, slots: 4, meanCallMs: 1000 }, 1],
])('a refused caller is told to come again when %s', (_when, drain, seconds) => {
  expect(retryAfterSeconds(drain)).toBe(seconds);
});
