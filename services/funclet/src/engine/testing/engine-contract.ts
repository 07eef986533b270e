import { randomBytes } from 'node:crypto';
import type { ContainerEngine, ContainerSpec, EngineEvent } from '../container-engine';
import { EngineError } from '../engine-error';
import { containerLabels, instanceLabels } from '../labels';

export interface EngineUnderTest {
  engine: ContainerEngine;
  /** A spec that the engine can make and that stays up for a while; a new container id each time. */
  spec(): ContainerSpec;
  /** Frees what belongs to a spec. */
  cleanUp(): Promise<void>;
}

const TIMEOUT_MS = 30_000;

/** What every container engine must do; run against the fake in unit tests and against Docker in integration tests. */
export function describeEngineContract(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(`${name} keeps the contract of a container engine`, () => {
    const signal = AbortSignal.timeout(300_000);
    let test: EngineUnderTest;
    const made: string[] = [];

    beforeAll(async () => {
      test = await open();
    }, TIMEOUT_MS);

    afterAll(async () => {
      for (const dockerId of made) await test.engine.remove(dockerId, signal);
      await test.cleanUp();
    }, TIMEOUT_MS);

    const create = async (): Promise<{ spec: ContainerSpec; dockerId: string }> => {
      const spec = test.spec();
      const dockerId = await test.engine.create(spec, signal);
      made.push(dockerId);
      return { spec, dockerId };
    };
    const unknown = randomBytes(32).toString('hex');
    const kindOf = async (call: Promise<unknown>): Promise<string> => {
      const error: unknown = await call.then(
        () => 'no error',
        (thrown: unknown) => thrown,
      );
      return error instanceof EngineError ? error.kind : String(error);
    };

    it('says what it is', async () => {
      const facts = await test.engine.facts(signal);
      expect(facts.version).toMatch(/^\d+\./);
      expect([1, 2]).toContain(facts.cgroupVersion);
    });

    it('knows no image that is not there', async () => {
      expect(await test.engine.imageId('easyfaas/no-such-image:none', signal)).toBeUndefined();
    });

    it(
      'creates without starting, and finds it by label with its state',
      async () => {
        const { spec, dockerId } = await create();
        const labels = containerLabels(spec.instanceId, spec.containerId);
        const [found, ...others] = await test.engine.list(labels, signal);
        expect(others).toEqual([]);
        expect(found).toMatchObject({ dockerId, status: 'created', labels: { ...labels, ...spec.labels } });
        expect(await test.engine.list(containerLabels(spec.instanceId, 'ffffffffffff'), signal)).toEqual([]);
        expect(await test.engine.list(instanceLabels('0'.repeat(32)), signal)).toEqual([]);
      },
      TIMEOUT_MS,
    );

    it(
      'refuses a second container of one id',
      async () => {
        const { spec } = await create();
        expect(await kindOf(test.engine.create(spec, signal))).toBe('conflict');
      },
      TIMEOUT_MS,
    );

    it('refuses an image that is not there', async () => {
      expect(await kindOf(test.engine.create({ ...test.spec(), imageId: `sha256:${'0'.repeat(64)}` }, signal))).toBe('notFound');
    });

    it(
      'starts, also twice; pauses, also twice; resumes, also twice',
      async () => {
        const { dockerId } = await create();
        await test.engine.start(dockerId, signal);
        await test.engine.start(dockerId, signal);
        expect((await test.engine.inspect(dockerId, signal))?.status).toBe('running');
        await test.engine.pause(dockerId, signal);
        await test.engine.pause(dockerId, signal);
        expect((await test.engine.inspect(dockerId, signal))?.status).toBe('paused');
        await test.engine.resume(dockerId, signal);
        await test.engine.resume(dockerId, signal);
        expect((await test.engine.inspect(dockerId, signal))?.status).toBe('running');
      },
      TIMEOUT_MS,
    );

    it(
      'raises and lowers memory of a running container',
      async () => {
        const { dockerId } = await create();
        await test.engine.start(dockerId, signal);
        for (const memoryMb of [512, 192]) {
          await test.engine.setLimits(dockerId, { memoryMb, cpus: { shares: 300 } }, signal);
          expect((await test.engine.inspect(dockerId, signal))?.memoryBytes).toBe(memoryMb * 1024 * 1024);
        }
      },
      TIMEOUT_MS,
    );

    it(
      'removes in any state, also twice, and then knows it no more',
      async () => {
        const { dockerId } = await create();
        await test.engine.start(dockerId, signal);
        await test.engine.pause(dockerId, signal);
        await test.engine.remove(dockerId, signal);
        await test.engine.remove(dockerId, signal);
        expect(await test.engine.inspect(dockerId, signal)).toBeUndefined();
      },
      TIMEOUT_MS,
    );

    it('answers notFound for a container that is not there', async () => {
      expect(await kindOf(test.engine.start(unknown, signal))).toBe('notFound');
      expect(await kindOf(test.engine.pause(unknown, signal))).toBe('notFound');
      expect(await kindOf(test.engine.setLimits(unknown, { memoryMb: 128, cpus: { shares: 2 } }, signal))).toBe('notFound');
    });

    it('settles when its signal aborts', async () => {
      expect(await kindOf(test.engine.list({}, AbortSignal.abort(new Error('enough'))))).toBe('unavailable');
    });

    it(
      'reports that a container died and was removed',
      async () => {
        const { spec, dockerId } = await create();
        const events: EngineEvent[] = [];
        const stop = new AbortController();
        const done = new Promise<void>((resolve) => {
          const opened = async (): Promise<void> => {
            await test.engine.start(dockerId, signal);
            await test.engine.remove(dockerId, signal);
          };
          const onEvent = (event: EngineEvent): void => {
            if (event.containerId !== spec.containerId) return;
            events.push(event);
            if (event.type === 'removed') resolve();
          };
          test.engine.watch(instanceLabels(spec.instanceId), { onEvent, onOpen: () => void opened() }, stop.signal);
        });
        await done;
        stop.abort();
        expect(events).toEqual([
          { type: 'died', dockerId, containerId: spec.containerId },
          { type: 'removed', dockerId, containerId: spec.containerId },
        ]);
      },
      TIMEOUT_MS,
    );
  });
}
