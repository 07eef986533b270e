import { type Frame, FrameDecoder, FrameType, parseHeader } from '@easyfaas/contracts/wire';
import { type OutputLink, RawOutput } from './raw-output';

/** A link that decodes what it is given. */
class FakeLink implements OutputLink {
  isAttached = true;
  pendingBytes = 0;
  readonly logs: { header: Record<string, unknown>; text: string; frameBytes: number }[] = [];

  send(frame: Buffer): boolean {
    if (!this.isAttached) return false;
    const onFrame = (each: Frame) => this.logs.push({ header: parseHeader(each), text: each.body.toString(), frameBytes: frame.length });
    new FrameDecoder([FrameType.LOG], onFrame).push(frame);
    return true;
  }

  get bytes(): number {
    return this.logs.reduce((sum, { text }) => sum + text.length, 0);
  }
}

const KIB = 1024;
const MIB = 1024 * KIB;

describe('RawOutput', () => {
  let link: FakeLink;
  let nowMs: number;
  let output: RawOutput;

  beforeEach(() => {
    link = new FakeLink();
    nowMs = 0;
    output = new RawOutput(link, () => nowMs);
  });
  // Also ends the timer.
  afterEach(() => output.report());

  it('passes output on as it comes, with its descriptor', () => {
    output.push(1, Buffer.from('out'));
    output.push(2, Buffer.from('err'));
    expect(link.logs).toMatchObject([
      { header: { fd: 1 }, text: 'out' },
      { header: { fd: 2 }, text: 'err' },
    ]);
  });

  it('cuts a large chunk into frames under the cap', () => {
    output.push(1, Buffer.alloc(200 * KIB, 'x'));
    expect(link.bytes).toBe(200 * KIB);
    expect(Math.max(...link.logs.map(({ frameBytes }) => frameBytes))).toBeLessThanOrEqual(64 * KIB);
  });

  it('drops what is over 1 MiB at once and says how much', () => {
    output.push(1, Buffer.alloc(3 * MIB, 'x'));
    expect(link.bytes).toBe(MIB);
    output.report();
    expect(link.logs.at(-1)).toMatchObject({
      header: { fd: 2, truncatedBytes: 2 * MIB },
      text: `[easyfaas] ${2 * MIB} bytes of raw output dropped\n`,
    });
  });

  it('goes on with 128 KiB a second', () => {
    output.push(1, Buffer.alloc(MIB, 'x'));
    nowMs = 2000;
    output.push(1, Buffer.alloc(MIB, 'x'));
    expect(link.bytes).toBe(MIB + 256 * KIB);
  });

  it('says nothing when nothing was dropped, and each loss once', () => {
    output.report();
    expect(link.logs).toEqual([]);
    output.push(1, Buffer.alloc(2 * MIB, 'x'));
    output.report();
    const count = link.logs.length;
    output.report();
    expect(link.logs).toHaveLength(count);
  });

  it('keeps a little while nobody listens, and sends it first', () => {
    link.isAttached = false;
    output.push(2, Buffer.from('cannot start'));
    output.push(2, Buffer.alloc(100 * KIB, 'x'));
    link.isAttached = true;
    output.onAttached();
    expect(link.logs[0]).toMatchObject({ text: 'cannot start' });
    expect(link.bytes).toBeLessThanOrEqual(64 * KIB);
    output.report();
    expect(link.logs.at(-1)?.header['truncatedBytes']).toBeGreaterThan(30 * KIB);
  });

  it('drops while the controller does not take what was sent', () => {
    link.pendingBytes = 2 * MIB;
    output.push(1, Buffer.from('lost'));
    expect(link.logs).toEqual([]);
  });
});
