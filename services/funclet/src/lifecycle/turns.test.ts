import { KeyedQueue } from './keyed-queue';
import { Semaphore } from './semaphore';

/** Work that ends when told to. */
function gate(): { wait: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

describe('the queue by container', () => {
  it('runs work on one key in order, and other keys meanwhile', async () => {
    const queue = new KeyedQueue();
    const first = gate();
    const seen: string[] = [];
    const work = (name: string, wait: Promise<void>) => async (): Promise<void> => {
      seen.push(`${name} begins`);
      await wait;
      seen.push(`${name} ends`);
    };
    const done = [
      queue.run('a', work('a1', first.wait)),
      queue.run('a', work('a2', Promise.resolve())),
      queue.run('b', work('b1', Promise.resolve())),
    ];
    await done[2];
    expect(seen).toEqual(['a1 begins', 'b1 begins', 'b1 ends']);
    first.open();
    await Promise.all(done);
    expect(seen.slice(3)).toEqual(['a1 ends', 'a2 begins', 'a2 ends']);
  });

  it('goes on after a failure, which only its own caller sees, and forgets idle keys', async () => {
    const queue = new KeyedQueue();
    const failed = queue.run('a', () => Promise.reject(new Error('mine')));
    const next = queue.run('a', () => Promise.resolve('fine'));
    await expect(failed).rejects.toThrow('mine');
    expect(await next).toBe('fine');
    await Promise.resolve();
    expect(queue.size).toBe(0);
  });
});

describe('the semaphore', () => {
  const never = new AbortController().signal;

  it('lets so many run at once, the others in order', async () => {
    const semaphore = new Semaphore(2);
    const gates = [gate(), gate(), gate()];
    const begun: number[] = [];
    const runs = gates.map(({ wait }, index) =>
      semaphore.run(never, () => {
        begun.push(index);
        return wait;
      }),
    );
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    gates[1]?.open();
    await runs[1];
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    gates[0]?.open();
    gates[2]?.open();
    await Promise.all(runs);
  });

  it('lets who waits give up without taking a place', async () => {
    const semaphore = new Semaphore(1);
    const first = gate();
    const running = semaphore.run(never, () => first.wait);
    const stop = new AbortController();
    const waiting = semaphore.run(stop.signal, () => Promise.resolve('ran'));
    stop.abort(new Error('no time'));
    await expect(waiting).rejects.toThrow('no time');
    first.open();
    await running;
    expect(await semaphore.run(never, () => Promise.resolve('ran'))).toBe('ran');
    await expect(semaphore.run(AbortSignal.abort(new Error('late')), () => Promise.resolve())).rejects.toThrow('late');
  });
});
