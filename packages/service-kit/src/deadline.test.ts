import { withDeadline } from './deadline';

describe('withDeadline', () => {
  it('passes the result on', async () => {
    await expect(withDeadline('work', 10_000, async () => 7)).resolves.toBe(7);
  });

  it('settles at the deadline although the work never does, and aborts it', async () => {
    let signal: AbortSignal | undefined;
    const work = withDeadline('docker wait', 5, (given) => {
      signal = given;
      return new Promise(() => undefined);
    });
    await expect(work).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', message: expect.stringContaining('docker wait') as string });
    expect(signal?.aborted).toBe(true);
  });
});
