import { FakeClock } from '@easyfaas/service-kit';
import { SharedCommands, type SharedCommandsOptions } from './shared-commands';

describe('commands that several share', () => {
  let sent: [string, readonly string[]][];
  let turns: (() => void)[];
  let clock: FakeClock;
  let commands: SharedCommands<string, string>;

  const open = (options: Partial<SharedCommandsOptions<string, string>> = {}): void => {
    commands = new SharedCommands<string, string>({
      send: (key, items) => {
        sent.push([key, items]);
        return Promise.resolve(items.map((item) => `${item}!`));
      },
      countMax: 3,
      bytesMax: 100,
      later: (callback) => turns.push(callback),
      underWayMax: 2,
      after: (delayMs, callback) => clock.after(delayMs, callback),
      ...options,
    });
  };
  const endTurn = (): void => {
    for (const turn of turns.splice(0)) turn();
  };

  beforeEach(() => {
    sent = [];
    turns = [];
    clock = new FakeClock();
    open();
  });

  it('carry what comes up for one key in one turn, and each asker has an answer of its own', async () => {
    const answers = Promise.all([commands.add('f', 'a', 1), commands.add('g', 'b', 1), commands.add('f', 'c', 1)]);
    expect(sent).toEqual([]);
    endTurn();
    expect(await answers).toEqual(['a!', 'b!', 'c!']);
    expect(sent).toEqual([
      ['f', ['a', 'c']],
      ['g', ['b']],
    ]);
    const next = commands.add('f', 'd', 1);
    endTurn();
    expect(await next).toBe('d!');
    expect(turns).toEqual([]);
  });

  it('wait while enough are under way, for an answer or a while, and carry what came meanwhile', async () => {
    const answers: (() => void)[] = [];
    open({
      send: (key, items) => {
        sent.push([key, items]);
        return new Promise((resolve) => answers.push(() => resolve(items.map((item) => `${item}!`))));
      },
    });
    const told: string[] = [];
    const add = (item: string): void => void commands.add('f', item, 1).then((answer) => told.push(answer));
    for (const item of ['a', 'b']) {
      add(item);
      endTurn();
    }
    add('c');
    endTurn();
    add('d');
    expect(sent.map(([, items]) => items)).toEqual([['a'], ['b']]);
    answers.shift()?.();
    await Promise.resolve();
    endTurn();
    expect(sent.at(-1)).toEqual(['f', ['c', 'd']]);
    add('e');
    endTurn();
    clock.advance(19);
    expect(sent).toHaveLength(3);
    clock.advance(1);
    expect(sent.at(-1)).toEqual(['f', ['e']]);
    for (const answer of answers) answer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['a!', 'b!', 'c!', 'd!', 'e!']);
    add('g');
    endTurn();
    expect(sent.at(-1)).toEqual(['f', ['g']]);
  });

  it('are full with so many items, or so many bytes', async () => {
    const few = Promise.all(['a', 'b', 'c', 'd'].map((item) => commands.add('f', item, 1)));
    expect(sent).toEqual([['f', ['a', 'b', 'c']]]);
    endTurn();
    await few;
    expect(sent).toEqual([
      ['f', ['a', 'b', 'c']],
      ['f', ['d']],
    ]);
    sent = [];
    const large = Promise.all(['a', 'b', 'c'].map((item) => commands.add('f', item, item === 'b' ? 1000 : 60)));
    endTurn();
    await large;
    expect(sent.map(([, items]) => items)).toEqual([['a'], ['b'], ['c']]);
  });

  it('fail for all that they carried, and for no other', async () => {
    open({
      send: (key, items) => (key === 'f' ? Promise.reject(new Error('away')) : Promise.resolve(items.map((item) => `${item}!`))),
    });
    const outcomes = Promise.allSettled([commands.add('f', 'a', 1), commands.add('f', 'b', 1), commands.add('g', 'c', 1)]);
    endTurn();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('one bad item does not fail the others', async () => {
    open({ send: (_key, items) => Promise.resolve(items.map((item) => (item === 'b' ? new Error('bad') : `${item}!`))) });
    const outcomes = Promise.allSettled(['a', 'b', 'c'].map((item) => commands.add('f', item, 1)));
    endTurn();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('an item without an answer has failed', async () => {
    open({ send: () => Promise.resolve([]) });
    const outcome = expect(commands.add('f', 'a', 1)).rejects.toThrow('No answer');
    endTurn();
    await outcome;
  });
});
