import { silentLogger } from '@easyfaas/service-kit';
import { ContainerLimits, cpuLimits } from './container-limits';
import { eventually } from './testing/eventually';

const MIB = 1024 * 1024;

/** An engine whose updates are answered by hand; like Docker's they write the control group when they end. */
class SlowGroup {
  limitMb = 0;
  isMaking = false;
  readonly updates: { memoryMb: number; end: (error?: Error) => void }[] = [];
  readonly limits = new ContainerLimits({
    engine: {
      setLimits: (_dockerId, { memoryMb }) =>
        new Promise((resolve, reject) => {
          const end = (error?: Error): void => {
            if (error !== undefined) return reject(error);
            this.limitMb = memoryMb;
            resolve();
          };
          this.updates.push({ memoryMb, end });
        }),
    },
    cgroups: { setMemory: (_dockerId, bytes) => void (this.limitMb = bytes / MIB), setCpuShares: () => undefined },
    cpuQuotaMax: undefined,
    isMaking: () => this.isMaking,
    logger: silentLogger(),
  });
}

describe('the processors of a container', () => {
  it('go with its memory, and a quota is never more than there are', () => {
    expect(cpuLimits(1769, undefined)).toEqual({ shares: 1024 });
    expect(cpuLimits(1769, 4)).toEqual({ shares: 1024, quota: 1 });
    expect(cpuLimits(10_240, 4)).toMatchObject({ quota: 4 });
  });
});

describe('a new limit of a live container', () => {
  const signal = new AbortController().signal;

  it.each([
    ['has been told', undefined],
    ['did not take', new Error('busy')],
  ])('is in force when it is answered, and stays, after the engine %s the one before', async (_what, error) => {
    const group = new SlowGroup();
    await group.limits.set('docker-1', 512, signal);
    expect(group.limitMb).toBe(512);
    await eventually(() => group.updates.length === 1);
    const raised = group.limits.set('docker-1', 700, signal).then(() => group.limitMb);
    group.updates[0]?.end(error);
    expect(await raised).toBe(700);
    await eventually(() => group.updates.length === 2);
    expect([group.limitMb, group.updates[1]?.memoryMb]).toEqual([700, 700]);
    group.updates[1]?.end();
    await group.limits.settled('docker-1');
    expect([group.limitMb, group.updates.length]).toEqual([700, 2]);
  });

  it('is in force at once, and told to the engine when no container is being made any more', async () => {
    const group = new SlowGroup();
    group.isMaking = true;
    await group.limits.set('docker-1', 512, signal);
    expect(group.limitMb).toBe(512);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(group.updates).toEqual([]);
    group.isMaking = false;
    await eventually(() => group.updates.length === 1);
    group.updates[0]?.end();
    await group.limits.settled('docker-1');
  });

  it('is not put in force any more for who has stopped waiting', async () => {
    const group = new SlowGroup();
    await group.limits.set('docker-1', 512, signal);
    await eventually(() => group.updates.length === 1);
    const gone = new AbortController();
    const raised = group.limits.set('docker-1', 700, gone.signal);
    gone.abort(new Error('gone'));
    group.updates[0]?.end();
    await expect(raised).rejects.toThrow('gone');
    await group.limits.settled('docker-1');
    expect(group.limitMb).toBe(512);
  });
});
