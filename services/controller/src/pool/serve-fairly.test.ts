import { type Claim, serveFairly } from './serve-fairly';
import { Usage } from './usage';

const claim = (accountId: string, functionName: string, wanted: number, waitingSinceMs = 0): Claim => ({
  accountId,
  functionName,
  wanted,
  waitingSinceMs,
});

/** Who gets `count` containers, one after the other. */
function served(claims: Claim[], count: number, usage = new Usage()): string[] {
  const order: string[] = [];
  serveFairly(claims, usage, ({ accountId, functionName }) => {
    if (order.length === count) return false;
    order.push(`${accountId}/${functionName}`);
    return true;
  });
  return order;
}

describe('containers that several wait for', () => {
  it('go to whoever waits longest, where all have the same', () => {
    expect(served([claim('a', 'f', 1, 30), claim('b', 'f', 1, 10), claim('c', 'f', 1, 20)], 3)).toEqual(['b/f', 'c/f', 'a/f']);
  });

  it('go to all accounts in turn, however many calls or functions one of them has', () => {
    const flood = Array.from({ length: 50 }, (_, n) => claim('a', `f${n}`, 100, 0));
    expect(served([...flood, claim('b', 'f', 3, 99)], 6)).toEqual(['a/f0', 'b/f', 'a/f1', 'b/f', 'a/f2', 'b/f']);
  });

  it('go to the one that has less until it has as much', () => {
    const usage = new Usage();
    usage.add({ accountId: 'a', functionName: 'f' }, 3);
    expect(served([claim('a', 'f', 9, 0), claim('b', 'f', 9, 99)], 5, usage)).toEqual(['b/f', 'b/f', 'b/f', 'a/f', 'b/f']);
  });

  it('go to the functions of an account in turn', () => {
    expect(served([claim('a', 'many', 9, 0), claim('a', 'few', 2, 99)], 5)).toEqual(['a/many', 'a/few', 'a/many', 'a/few', 'a/many']);
  });

  it('go by weight', () => {
    const usage = new Usage(new Map([['a', 3]]));
    const order = served([claim('a', 'f', 100), claim('b', 'f', 100)], 8, usage);
    expect(order.filter((each) => each === 'a/f')).toHaveLength(6);
  });

  it('pass by whom they do not fit', () => {
    const order: string[] = [];
    serveFairly([claim('a', 'large', 5), claim('b', 'small', 2)], new Usage(), ({ functionName }) => {
      order.push(functionName);
      return functionName === 'small';
    });
    expect(order).toEqual(['large', 'small', 'small']);
  });
});
