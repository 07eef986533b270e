import { MASKED_VALUE, checkEnvironment, mask, unmask } from './environment-rules';

function codeOf(variables: Record<string, string>): string {
  try {
    checkEnvironment(variables);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'taken';
}

describe('the rules for variables', () => {
  it.each(['A', '_a', 'lower_Case9', 'NODE_ENV', 'TZ', 'LANG', 'AWS_ACCESS_KEY_ID', 'X'.repeat(128)])('take the name %s', (name) => {
    expect(codeOf({ [name]: 'value' })).toBe('taken');
  });

  it.each(['', '1A', 'A=B', 'A B', 'A-B', 'Ä', 'A\n', 'X'.repeat(129)])('refuse the name %j', (name) => {
    expect(codeOf({ [name]: 'value' })).toBe('VALIDATION_FAILED');
  });

  it.each([
    'PATH',
    'HOME',
    'LD_PRELOAD',
    'LD_X',
    'NODE_OPTIONS',
    'PYTHONPATH',
    'PYTHONHOME',
    'EASYFAAS_TOKEN',
    'AWS_LAMBDA_RUNTIME_API',
    '_HANDLER',
    'LAMBDA_TASK_ROOT',
  ])('reserve %s', (name) => {
    expect(codeOf({ [name]: 'value' })).toBe('RESERVED_ENV');
  });

  it('take 64 variables and 4 096 bytes, and no more', () => {
    const many = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`A${index}`, '']));
    expect([codeOf(many(64)), codeOf(many(65))]).toEqual(['taken', 'VALIDATION_FAILED']);
    expect([codeOf({ A: 'x'.repeat(4095) }), codeOf({ A: 'x'.repeat(4096) })]).toEqual(['taken', 'VALIDATION_FAILED']);
    expect(codeOf({ A: 'ü'.repeat(2048) })).toBe('VALIDATION_FAILED');
  });

  it('refuse a NUL in a value', () => {
    expect(codeOf({ A: 'a\0b' })).toBe('VALIDATION_FAILED');
  });
});

describe('hidden values', () => {
  it('show the names only', () => {
    expect(mask({ A: 'secret', B: '' })).toEqual({ A: MASKED_VALUE, B: MASKED_VALUE });
  });

  it('sent back mean what is stored', () => {
    expect(unmask({ A: MASKED_VALUE, B: 'new' }, { A: 'secret', B: 'old' })).toEqual({ A: 'secret', B: 'new' });
    expect(unmask({}, { A: 'secret' })).toEqual({});
  });

  it('without something behind them are refused, also under names that every object has', () => {
    expect(() => unmask({ A: MASKED_VALUE }, {})).toThrow(/A/);
    expect(() => unmask({ toString: MASKED_VALUE }, {})).toThrow(/toString/);
  });
});
