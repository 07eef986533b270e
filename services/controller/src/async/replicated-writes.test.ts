import { ReplicatedWrites } from './replicated-writes';

const SHORT = { code: 'QUEUE_UNAVAILABLE' };

describe('writes that replicas must have', () => {
  let told: string[];
  let waits: ((count: number) => void)[];
  const write = (name: string) => async (): Promise<string> => {
    told.push(name);
    return Promise.resolve(name);
  };
  const open = (replicas: number): ReplicatedWrites =>
    new ReplicatedWrites({
      redis: {
        wait: (wanted) => {
          told.push(`wait for ${wanted}`);
          return new Promise((resolve) => waits.push(resolve));
        },
      },
      replicas,
    });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  /** What a write comes to when so many replicas have it. */
  const endOf = async (written: Promise<string>, count: number): Promise<string> => {
    await turn();
    waits.shift()?.(count);
    return written;
  };

  beforeEach(() => {
    told = [];
    waits = [];
  });

  it('ask nobody when none are wanted', async () => {
    expect(await open(0).write(write('a'))).toBe('a');
    expect(told).toEqual(['a']);
  });

  it('count once enough replicas have them, which is asked behind the answer', async () => {
    expect(await endOf(open(1).write(write('a')), 1)).toBe('a');
    expect(told).toEqual(['a', 'wait for 1']);
  });

  it('go one at a time while replicas are missing, all others fail without having been tried', async () => {
    const writes = open(2);
    await expect(endOf(writes.write(write('a')), 1)).rejects.toMatchObject(SHORT);
    const probe = writes.write(write('b'));
    await expect(writes.write(write('c'))).rejects.toMatchObject(SHORT);
    expect(await endOf(probe, 2)).toBe('b');
    const all = [writes.write(write('d')), writes.write(write('e'))];
    await turn();
    for (const answer of waits.splice(0)) answer(2);
    expect(await Promise.all(all)).toEqual(['d', 'e']);
    expect(told.filter((each) => each.length === 1)).toEqual(['a', 'b', 'd', 'e']);
  });

  it('that fail leave nothing behind that would hold up others', async () => {
    const writes = open(1);
    await expect(endOf(writes.write(write('a')), 0)).rejects.toMatchObject(SHORT);
    await expect(writes.write(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(await endOf(writes.write(write('b')), 1)).toBe('b');
  });
});
