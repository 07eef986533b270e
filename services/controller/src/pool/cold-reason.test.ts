import { coldReason } from './cold-reason';

it.each([
  ['first call', { warm: 0, wasPoolEmpty: false, lastEnd: undefined }],
  ['busy', { warm: 2, wasPoolEmpty: false, lastEnd: undefined }],
  ['pool empty', { warm: 0, wasPoolEmpty: true, lastEnd: 'idle' as const }],
  ['version changed', { warm: 0, wasPoolEmpty: false, lastEnd: 'version changed' as const }],
  ['evicted', { warm: 0, wasPoolEmpty: false, lastEnd: 'evicted' as const }],
])('a call is cold because of: %s', (expected, facts) => {
  expect(coldReason(facts)).toBe(expected);
});
