import type { PodClaims } from '@easyfaas/contracts/wire';
import { CLAIMS_MS, EMPTY_SHA256, signClaims, verifyClaims } from './pod-claims';

const KEY = Buffer.alloc(32, 7);
const TARGET = { method: 'POST', path: '/internal/calls' };
const NOW_MS = 1_700_000_000_000;
const RECEIVER = { podId: 'pod-b', bootId: 'boot-2', nowMs: NOW_MS };
const CLAIMS: PodClaims = {
  from: 'pod-a',
  to: 'pod-b',
  toBoot: 'boot-2',
  atMs: NOW_MS,
  nonce: '0'.repeat(32),
  bodySha256: EMPTY_SHA256,
  bodyBytes: 0,
  call: {
    requestId: 'request-1',
    principal: { accountId: 'default', keyId: 'abc' },
    functionName: 'hello',
    version: '$LATEST',
    isAdmitted: true,
  },
};
const signed = (changes: Partial<PodClaims> = {}, key = KEY): string => signClaims(key, TARGET, { ...CLAIMS, ...changes });

describe('claims between pods', () => {
  it('come back as they were signed', () => {
    expect(verifyClaims(KEY, TARGET, signed(), RECEIVER)).toEqual({ claims: CLAIMS });
  });

  it.each([
    ['no header', undefined, 'unsigned'],
    ['an empty header', '', 'malformed'],
    ['a header without a signature', 'v1.e30', 'malformed'],
    ['a part too many', `${signed()}.x`, 'malformed'],
    ['another version', signed().replace('v1.', 'v2.'), 'malformed'],
    ['another key', signed({}, Buffer.alloc(32, 8)), 'wrong signature'],
    ['an empty key', signed({}, Buffer.alloc(0)), 'wrong signature'],
    ['another receiver', signed({ to: 'pod-c' }), 'meant for the pod pod-c'],
    ['an earlier life of the receiver', signed({ toBoot: 'boot-1' }), 'meant for an earlier start of this pod'],
    ['an old signature', signed({ atMs: NOW_MS - CLAIMS_MS - 1 }), `signed ${CLAIMS_MS + 1} ms ago`],
    ['one from the future', signed({ atMs: NOW_MS + CLAIMS_MS + 1 }), `signed ${-CLAIMS_MS - 1} ms ago`],
    ['claims of another shape', signed({ nonce: 'short' }), 'claims that make no sense'],
  ])('are refused with %s', (_what, header, refusal) => {
    expect(verifyClaims(KEY, TARGET, header, RECEIVER)).toEqual({ refusal });
  });

  it('are refused for another method or path', () => {
    expect(verifyClaims(KEY, { ...TARGET, method: 'GET' }, signed(), RECEIVER)).toEqual({ refusal: 'wrong signature' });
    expect(verifyClaims(KEY, { ...TARGET, path: '/internal/calls?x' }, signed(), RECEIVER)).toEqual({ refusal: 'wrong signature' });
  });

  it('are refused when a claim was changed under its signature', () => {
    const [version, , signature] = signed().split('.');
    const changed = Buffer.from(JSON.stringify({ ...CLAIMS, call: { ...CLAIMS.call, principal: { accountId: 'victim' } } }));
    expect(verifyClaims(KEY, TARGET, `${version}.${changed.toString('base64url')}.${signature}`, RECEIVER)).toEqual({
      refusal: 'wrong signature',
    });
  });
});
