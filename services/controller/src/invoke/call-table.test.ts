import type { Call } from './call';
import { CallTable } from './call-table';

const fakeCall = (): Call => ({ stream: 0 }) as Call;
function add(table: CallTable): Call {
  const call = fakeCall();
  call.stream = table.add(call);
  return call;
}

describe('the table of calls', () => {
  it('finds calls by their stream number, which is never 0 and never used twice in a row', () => {
    const table = new CallTable();
    const streams = new Set<number>();
    for (let n = 0; n < 5000; n++) {
      const call = add(table);
      expect(call.stream).toBeGreaterThan(0);
      expect(streams.has(call.stream)).toBe(false);
      streams.add(call.stream);
      expect(table.get(call.stream)).toBe(call);
      table.delete(call);
      expect(table.get(call.stream)).toBeUndefined();
    }
    expect(table.size).toBe(0);
  });

  it('does not find an old call in a slot that is used again', () => {
    const table = new CallTable();
    const first = add(table);
    table.delete(first);
    const second = add(table);
    expect(table.get(first.stream)).toBeUndefined();
    expect(table.delete(first)).toBe(false);
    expect(table.get(second.stream)).toBe(second);
  });

  it('holds as many as a container may run at once', () => {
    const table = new CallTable();
    const calls = Array.from({ length: 1000 }, () => add(table));
    expect(new Set(calls.map(({ stream }) => stream)).size).toBe(1000);
    expect(calls.every((call) => table.get(call.stream) === call)).toBe(true);
    expect(table.takeAll()).toHaveLength(1000);
    expect(table.size).toBe(0);
  });
});
