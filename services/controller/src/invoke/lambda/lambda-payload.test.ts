import { ServiceError } from '@easyfaas/service-kit';
import { payloadOf } from '../payload';
import { lambdaPayload } from './lambda-payload';

const given = (text: string): string => {
  const payload = lambdaPayload(payloadOf(Buffer.from(text)));
  return payload instanceof ServiceError ? `${payload.code} ${payload.message}` : Buffer.concat(payload.chunks).toString();
};

describe('a payload in the Lambda dialect', () => {
  it.each(['{"a":1}', '"text"', 'null', ' [1] '])('passes as it came: %s', (text) => {
    expect(given(text)).toBe(text);
  });

  it('is an empty object when there is none', () => {
    expect(given('')).toBe('{}');
  });

  it.each(['{', 'text', '{"a":1}}'])('is refused when it is no JSON: %s', (text) => {
    expect(given(text)).toContain('INVALID_JSON Could not parse request body into json: ');
  });

  it("is left to the function's own process when it is large", () => {
    expect(given('x'.repeat(300_000))).toHaveLength(300_000);
  });
});
