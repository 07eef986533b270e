import { milliseconds } from './server-timing';

it.each([
  [0, '0.000'],
  [0.0004, '0.000'],
  [0.0005, '0.001'],
  [0.007, '0.007'],
  [1.2345, '1.235'],
  [12.05, '12.050'],
  [999.9996, '1000.000'],
  [-1, '0.000'],
])('%d ms is written as %s', (ms, text) => {
  expect(milliseconds(ms)).toBe(text);
});
