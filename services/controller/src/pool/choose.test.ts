import { chooseCold, chooseWarm } from './choose';

describe('choosing a warm container', () => {
  it('takes the most recently used one with a free slot', () => {
    const older = { inFlight: 0, concurrency: 2 };
    const newer = { inFlight: 1, concurrency: 2 };
    const full = { inFlight: 2, concurrency: 2 };
    expect(chooseWarm([older, newer, full])).toBe(newer);
  });

  it('finds none when all are full', () => {
    expect(chooseWarm([{ inFlight: 1, concurrency: 1 }])).toBeUndefined();
    expect(chooseWarm([])).toBeUndefined();
  });
});

describe('choosing a cold container', () => {
  const wish = { runtime: 'nodejs20', network: 'none', memoryMb: 512 } as const;
  const cold = (classMb: number, more: object = {}) => ({ runtime: 'nodejs20', network: 'none' as const, classMb, ...more });

  it('takes the largest class that does not exceed the memory of the function', () => {
    const [small, fitting, large] = [cold(128), cold(512), cold(1024)];
    expect(chooseCold([small, fitting, large], wish)).toBe(fitting);
  });

  it('takes the oldest among equals', () => {
    const [oldest, newest] = [cold(128), cold(128)];
    expect(chooseCold([oldest, newest], wish)).toBe(oldest);
  });

  it('takes none with another size of /tmp', () => {
    const [standard, roomy] = [cold(128), cold(128, { tmpMb: 256 })];
    expect(chooseCold([roomy, standard], wish)).toBe(standard);
    expect(chooseCold([standard, roomy], { ...wish, tmpMb: 256 })).toBe(roomy);
    expect(chooseCold([roomy], wish)).toBeUndefined();
    expect(chooseCold([standard, roomy], { ...wish, tmpMb: 128 })).toBeUndefined();
  });

  it('takes none of another runtime or network', () => {
    expect(chooseCold([cold(128, { runtime: 'python3' }), cold(128, { network: 'egress' })], wish)).toBeUndefined();
  });
});
