import type { ServiceError } from '@easyfaas/service-kit';
import { parseStrictJson } from './strict-json';

function failure(text: string | Buffer): { code: string; message: string } {
  try {
    parseStrictJson(Buffer.from(text));
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('It was taken.');
}

describe('strict JSON', () => {
  it('gives the object', () => {
    const text = '{"a":{"b":[1,"x,{[\\"\\\\",null]},"ü":true}';
    expect(parseStrictJson(Buffer.from(text))).toEqual(JSON.parse(text));
  });

  it.each(['', ' ', '{', '{"a"}', '{"a":1}}', '{"a', '"\\', '{"a":1,}', 'undefined', '\0'])('refuses %j', (text) => {
    expect(failure(text).code).toBe('INVALID_JSON');
  });

  it.each(['1', '"x"', 'null', 'true', '[]', '[{}]'])('wants an object, not %s', (text) => {
    expect(failure(text).code).toBe('VALIDATION_FAILED');
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(failure(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])).code).toBe('INVALID_JSON');
  });

  it.each(['{"__proto__":1}', '{"a":[{"constructor":1}]}', '{"a":{"prototype":{}}}', '{"\\u005f_proto__":1}'])(
    'refuses the key in %s',
    (text) => {
      expect(failure(text).code).toBe('FORBIDDEN_KEY');
    },
  );

  it('takes such a word as a value', () => {
    expect(parseStrictJson(Buffer.from('{"a":"__proto__"}'))).toEqual({ a: '__proto__' });
  });

  it('names the member that has too many members', () => {
    expect(failure(`{"x":1,"Environment":{"A":{},"Variables":[${'0,'.repeat(20_000)}0]}}`)).toMatchObject({
      code: 'VALIDATION_FAILED',
      message: expect.stringMatching(/^Environment\.Variables has more than 10000 members/) as string,
    });
  });

  it('names the member that is too deep, before the parser could overflow', () => {
    expect(failure(`{"Tags":${'['.repeat(100_000)}`)).toMatchObject({ message: expect.stringMatching(/^Tags is nested deeper/) as string });
    expect(failure('{"a":'.repeat(100_000)).message).toMatch(/^a\.a\.a\.a is nested deeper/);
  });

  it('counts nothing inside strings', () => {
    expect(parseStrictJson(Buffer.from(JSON.stringify({ a: '[{,:'.repeat(20_000) })))).toEqual({ a: '[{,:'.repeat(20_000) });
  });
});
