import { createHmac } from 'node:crypto';
import { genericSignature, verifySignature } from './signature';

const SECRET = 'It is a secret';
const BODY = Buffer.from('{"a":1}');
const NOW_S = 1_700_000_000;
const hmac = (text: string, secret = SECRET): string => createHmac('sha256', secret).update(text).digest('hex');
const verify = (scheme: 'generic' | 'github' | 'stripe' | 'slack', headers: Record<string, string>, body = BODY): boolean =>
  verifySignature(scheme, SECRET, { headers, body }, NOW_S * 1000) !== undefined;

const stripe = (t: number | string, ...signatures: string[]): Record<string, string> => ({
  'stripe-signature': [`t=${t}`, ...signatures.map((each) => `v1=${each}`)].join(','),
});
const slack = (timestamp: number, signature: string): Record<string, string> => ({
  'x-slack-request-timestamp': String(timestamp),
  'x-slack-signature': signature,
});
const generic = (value: string): Record<string, string> => ({ 'x-easyfaas-signature': value });

describe('signatures', () => {
  it("accepts GitHub's own example", () => {
    // From GitHub's documentation on validating deliveries.
    const headers = { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' };
    expect(verifySignature('github', "It's a Secret to Everybody", { headers, body: Buffer.from('Hello, World!') }, 0)).toBeDefined();
  });

  it("accepts Slack's own example", () => {
    // From Slack's documentation on verifying requests.
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = slack(1531420618, 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503');
    const secret = '8f742231b10e8888abcd99yyyzzz85a5';
    expect(verifySignature('slack', secret, { headers, body: Buffer.from(body) }, 1531420618_000)).toBeDefined();
  });

  it('accepts what is signed', () => {
    expect(verify('generic', generic(genericSignature(SECRET, BODY, NOW_S)))).toBe(true);
    expect(verify('stripe', stripe(NOW_S, hmac(`${NOW_S}.{"a":1}`)))).toBe(true);
    expect(verify('slack', slack(NOW_S, `v0=${hmac(`v0:${NOW_S}:{"a":1}`)}`))).toBe(true);
    expect(verify('github', { 'x-hub-signature-256': `sha256=${hmac('{"a":1}')}` })).toBe(true);
  });

  it('accepts one good signature of several, while a secret is changed', () => {
    expect(verify('stripe', stripe(NOW_S, hmac(`${NOW_S}.{"a":1}`, 'old'), hmac(`${NOW_S}.{"a":1}`)))).toBe(true);
  });

  it.each([0, 299, 300, -300])('accepts what is %i s old', (ageS) => {
    expect(verify('generic', generic(genericSignature(SECRET, BODY, NOW_S - ageS)))).toBe(true);
  });

  it.each([301, -301, 1e6])('refuses what is %i s old', (ageS) => {
    expect(verify('generic', generic(genericSignature(SECRET, BODY, NOW_S - ageS)))).toBe(false);
    expect(verify('slack', slack(NOW_S - ageS, `v0=${hmac(`v0:${NOW_S - ageS}:{"a":1}`)}`))).toBe(false);
  });

  it.each([
    ['nothing', {}],
    ['an empty header', generic('')],
    ['no time', generic(`v1=${hmac('.{"a":1}')}`)],
    ['two times', generic(`t=${NOW_S},t=${NOW_S},v1=${hmac(`${NOW_S}.{"a":1}`)}`)],
    ['a time that is no number', generic(`t=x,v1=${hmac('x.{"a":1}')}`)],
    ['no signature', generic(`t=${NOW_S}`)],
    ['another secret', generic(genericSignature('wrong', BODY, NOW_S))],
    ['another body', generic(genericSignature(SECRET, 'other', NOW_S))],
    ['another time', generic(genericSignature(SECRET, BODY, NOW_S).replace(`t=${NOW_S}`, `t=${NOW_S + 1}`))],
    ['a short signature', generic(genericSignature(SECRET, BODY, NOW_S).slice(0, -2))],
    ['a long signature', generic(`${genericSignature(SECRET, BODY, NOW_S)}00`)],
    ['a signature that is no hex', generic(`t=${NOW_S},v1=${'z'.repeat(64)}`)],
    ['zeros', generic(`t=${NOW_S},v1=${'0'.repeat(64)}`)],
  ])('T28 refuses %s', (_title, headers) => {
    expect(verify('generic', headers)).toBe(false);
  });

  it.each([
    ['github', { 'x-hub-signature-256': hmac('{"a":1}') }],
    ['github', { 'x-hub-signature-256': 'sha256=' }],
    ['github', { 'x-hub-signature': `sha1=${hmac('{"a":1}')}` }],
    ['slack', slack(NOW_S, hmac(`v0:${NOW_S}:{"a":1}`))],
    ['stripe', { 'stripe-signature': `t=${NOW_S},v0=${hmac(`${NOW_S}.{"a":1}`)}` }],
  ] as const)('refuses a signature of %s without its version', (scheme, headers) => {
    expect(verify(scheme, headers)).toBe(false);
  });
});
