import { rowsOf, variablesOf } from './environment-rows';

describe('variables as they are edited', () => {
  it('come back as they were, without rows that have no name', () => {
    const rows = rowsOf({ A: '1', B: '' });
    expect(variablesOf([...rows, { name: '', value: 'x' }])).toEqual({ A: '1', B: '' });
  });

  it('have each name once', () => {
    expect(
      variablesOf([
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ]),
    ).toBe('The variable A is there twice.');
  });

  it('may be called what objects have already', () => {
    expect(Object.keys(variablesOf([{ name: '__proto__', value: '1' }]))).toEqual(['__proto__']);
  });
});
