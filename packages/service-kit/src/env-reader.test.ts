import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  it('reads a secret from the variable or from a file, and says what is wrong with either', () => {
    const folder = mkdtempSync(join(tmpdir(), 'easyfaas-env-'));
    const path = join(folder, 'password');
    try {
      writeFileSync(path, 'from the file\n');
      writeFileSync(join(folder, 'empty'), '\n');
      const good = new EnvReader({ DIRECT: 'in the variable', A_FILE: path });
      expect(good.secret('DIRECT', 'DIRECT_FILE')).toBe('in the variable');
      expect(good.secret('A', 'A_FILE')).toBe('from the file');
      expect(good.secret('B', 'B_FILE')).toBeUndefined();
      expect(() => good.assertValid()).not.toThrow();
      const bad = new EnvReader({ A: 'x', A_FILE: path, B_FILE: join(folder, 'none'), C_FILE: join(folder, 'empty') });
      for (const name of ['A', 'B', 'C']) bad.secret(name, `${name}_FILE`);
      expect(() => bad.assertValid()).toThrow(/3 problem[^]*A and A_FILE are both set[^]*B_FILE[^]*cannot be read[^]*C_FILE[^]*is empty/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['1e2', ' 5', '0x10', '5.5'])('does not take %j for a whole number', (text) => {
    const env = new EnvReader({ N: text });
    env.integer('N', 1, { min: 0, max: 1000 });
    expect(() => env.assertValid()).toThrow(/whole number/);
  });
});
