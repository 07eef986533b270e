import { shortage } from './pod-shortage';

const FACTS = { demanded: 3, cold: 0, coming: 0, room: 0 };

describe('the shortage of containers', () => {
  it.each([
    ['is all that is wanted where the pool is at its cap', {}, 3],
    ['is lessened by cold ones and those being made', { cold: 1, coming: 1 }, 1],
    ['is none where more can be made', { room: 3 }, 0],
    ['is what is left where some can be made', { room: 1 }, 2],
    ['is never less than none', { demanded: 0, cold: 4 }, 0],
    ['does not grow where the cap was lowered', { room: -4 }, 3],
  ])('%s', (_what, changes, expected) => expect(shortage({ ...FACTS, ...changes })).toBe(expected));
});
