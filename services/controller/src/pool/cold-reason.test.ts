import { coldReason } from './cold-reason';

it.each([
  ['first call', { warm: 0, wasPoolEmpty: false, lastEnd: undefined }],
  ['busy', { warm: 2, wasPoolEmpty: false, lastEnd: undefined }],
  ['pool empty', { warm: 0, wasPoolEmpty: true, lastEnd: 'idle' as const }],
  ['version changed', { warm: 0, wasPoolEmpty: false, lastEnd: 'version changed' as const }],
  ['evicted for other', { warm: 0, wasPoolEmpty: true, lastEnd: 'evicted for other' as const }],
  ['pool empty', { warm: 1, wasPoolEmpty: true, lastEnd: 'evicted for other' as const }],
  ['max age', { warm: 0, wasPoolEmpty: false, lastEnd: 'max age' as const }],
  ['max calls', { warm: 0, wasPoolEmpty: false, lastEnd: 'max calls' as const }],
  ['unhealthy', { warm: 0, wasPoolEmpty: false, lastEnd: 'unhealthy' as const }],
])('a call is cold because of: %s', (expected, facts) => {
  expect(coldReason(facts)).toBe(expected);
});
