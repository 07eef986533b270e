import { EnvReader } from './env-reader';

describe('EnvReader', () => {
  it('reads values and falls back where there is none', () => {
    const env = new EnvReader({ PORT: '80', HOSTS: 'a, b,', MIN: 'nodejs20=3,python3=0', EMPTY: '' });
    expect(env.integer('PORT', 1, { min: 1, max: 100 })).toBe(80);
    expect(env.list('HOSTS', [])).toEqual(['a', 'b']);
    expect(env.integersByName('MIN', {})).toEqual({ nodejs20: 3, python3: 0 });
    expect(env.text('EMPTY', 'fallback')).toBe('fallback');
    expect(() => env.assertValid()).not.toThrow();
  });

  it('reports every problem at once, naming the variable and what is allowed', () => {
    const env = new EnvReader({ PORT: '99999', LEVEL: 'loud', MIN: 'nodejs20' });
    env.integer('PORT', 1, { min: 1, max: 65_535 });
    env.choice('LEVEL', 'info', ['debug', 'info']);
    env.integersByName('MIN', {});
    expect(() => env.assertValid()).toThrow(
      /3 problem[^]*PORT is "99999"[^]*65535[^]*LEVEL is "loud"[^]*debug, info[^]*MIN has "nodejs20"/,
    );
  });

  it.each(['1e2', ' 5', '0x10', '5.5'])('does not take %j for a whole number', (text) => {
    const env = new EnvReader({ N: text });
    env.integer('N', 1, { min: 0, max: 1000 });
    expect(() => env.assertValid()).toThrow(/whole number/);
  });
});
