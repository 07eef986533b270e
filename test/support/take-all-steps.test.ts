import { takeAllSteps } from './take-all-steps';

describe('the end of what a test has started', () => {
  it('takes every step in order, and tells of all that failed', async () => {
    const taken: string[] = [];
    const step = (name: string, error?: Error) => async (): Promise<void> => {
      await Promise.resolve();
      taken.push(name);
      if (error !== undefined) throw error;
    };
    const steps = [step('a', new Error('first')), step('b'), step('c', new Error('second')), step('d')];
    await expect(takeAllSteps('stop', steps)).rejects.toThrow('could not stop: Error: first; Error: second');
    expect(taken).toEqual(['a', 'b', 'c', 'd']);
  });
});
