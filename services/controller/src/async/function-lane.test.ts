import { type FunctionLane, newLane, noteRoom, noteShortage, pickLane, shareRoom } from './function-lane';

const ROOM = { running: 0, capacity: 4, reserve: 2, nowMs: 0, wallMs: 1_000_000 };
const lane = (name: string, more: Partial<FunctionLane> = {}): FunctionLane => ({ ...newLane('default', name, 0), ...more });

describe('whose event is run next', () => {
  it('is the function that runs fewest, then the one served longest ago', () => {
    const a = lane('a', { running: 1, servedAt: 1 });
    const b = lane('b', { running: 0, servedAt: 3 });
    const c = lane('c', { running: 0, servedAt: 2 });
    expect(pickLane([a, b, c], ROOM)).toBe(c);
  });

  it('is nobody who runs as many as it may, pauses, or has nothing due', () => {
    const lanes = [
      lane('full', { running: 2, limit: 2 }),
      lane('paused', { pausedUntilMs: 1 }),
      lane('empty', { isEmpty: true }),
      lane('later', { isEmpty: true, nextDueMs: 1_000_001 }),
    ];
    expect(pickLane(lanes, ROOM)).toBeUndefined();
  });

  it('can be one whose delayed event is due now', () => {
    const due = lane('due', { isEmpty: true, nextDueMs: 1_000_000 });
    expect(pickLane([due], ROOM)).toBe(due);
  });

  it('keeps a reserve for functions that have none running', () => {
    const flood = lane('flood', { running: 4, limit: 100 });
    const small = lane('small');
    expect(pickLane([flood], { ...ROOM, running: 4 })).toBeUndefined();
    expect(pickLane([flood, small], { ...ROOM, running: 4 })).toBe(small);
    expect(pickLane([flood, small], { ...ROOM, running: 6 })).toBeUndefined();
  });
});

describe('how many events of a function run at once', () => {
  it('grows with success up to its limit', () => {
    const grows = lane('a');
    for (let index = 0; index < 1000; index++) noteRoom(grows, 20);
    expect(grows.limit).toBe(20);
  });

  it('halves and pauses when there is no room, and is never less than one', () => {
    const shrinks = lane('a', { limit: 9 });
    noteShortage(shrinks, 10, 500);
    expect(shrinks).toMatchObject({ limit: 4, pausedUntilMs: 510 });
    for (let index = 0; index < 5; index++) noteShortage(shrinks, 10, 1);
    expect(shrinks).toMatchObject({ limit: 1, pausedUntilMs: 510 });
  });
});

describe('all the room there is', () => {
  it('goes to functions in turn, and none to one that would wait for a container', () => {
    const [a, b, cold] = [lane('a', { limit: 10 }), lane('b', { limit: 1 }), lane('cold', { limit: 10 })] as const;
    const room = { ...ROOM };
    const { counts, isShort } = shareRoom(
      [a, b, cold],
      room,
      (each) => each !== cold,
      (each) => {
        each.running++;
        room.running++;
      },
    );
    expect([...counts].sort(([, x], [, y]) => y - x)).toEqual([
      [a, 3],
      [b, 1],
    ]);
    expect(isShort).toBe(true);
  });
});
