import { readSamples } from './samples';

it('reads samples with and without labels', () => {
  const text = '# HELP a_total What.\n# TYPE a_total counter\na_total 3\nb{kind="x y",of="z"} 0.5\n\n';
  expect(readSamples(text)).toEqual([
    { name: 'a_total', labels: '', value: 3 },
    { name: 'b', labels: 'kind="x y",of="z"', value: 0.5 },
  ]);
});
