import { PassThrough } from 'node:stream';
import { FakeClock } from '@easyfaas/service-kit';
import { FrameType } from '@easyfaas/contracts/wire';
import type { AttachedSocket } from './attached-socket';
import { FrameWriter } from './frame-writer';
import { RunnerLink } from './runner-link';

const unplanned = (): never => {
  throw new Error('not planned');
};

function linkWithClock() {
  const clock = new FakeClock();
  const link = new RunnerLink(
    { writer: new FrameWriter(new PassThrough()) } as AttachedSocket,
    { onExit: unplanned, onStrayLog: unplanned },
    clock,
  );
  const answerAfter = (ms: number, header: object): boolean => {
    clock.advance(ms);
    link.onFrame({ type: FrameType.PONG, stream: 0, header: Buffer.from(JSON.stringify(header)), body: Buffer.alloc(0) });
    return link.isRuntimeStill;
  };
  return { link, answerAfter };
}

describe('what a supervisor says of its runtime process', () => {
  const asleep = { isAsleep: true, cpuMs: 500, waitMs: 70 };

  it('makes it stand still when it slept between two answers and neither ran nor waited for a processor', () => {
    const { answerAfter } = linkWithClock();
    expect(answerAfter(600, asleep)).toBe(false);
    expect(answerAfter(600, asleep)).toBe(true);
  });

  it.each([
    ['ran', { ...asleep, cpuMs: 540 }],
    ['waited for a processor', { ...asleep, waitMs: 100 }],
    ['is not asleep', { cpuMs: 500, waitMs: 70 }],
    ['is on a kernel that does not count how long it waits', { isAsleep: true, cpuMs: 500 }],
    ['has ended', {}],
  ])('does not when it %s', (_what, header) => {
    const { answerAfter } = linkWithClock();
    answerAfter(600, asleep);
    answerAfter(600, asleep);
    expect(answerAfter(600, header)).toBe(false);
  });

  it('counts for nothing from before it was frozen, nor when two answers come at once', () => {
    const { link, answerAfter } = linkWithClock();
    answerAfter(600, asleep);
    link.forgetSilence();
    expect(answerAfter(600, asleep)).toBe(false);
    expect(answerAfter(10, asleep)).toBe(false);
    expect(answerAfter(600, asleep)).toBe(true);
  });
});
