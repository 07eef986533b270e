import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSingleFile } from '@easyfaas/code-package';
import { EngineError } from '../engine/engine-error';
import { instanceLabels } from '../engine/labels';
import { adopt } from './adopt';
import { eventually } from './testing/eventually';
import { INSTANCE, TestLifecycle } from './testing/test-lifecycle';

const A = 'aaaaaaaaaaaa';
const B = 'bbbbbbbbbbbb';
let life: TestLifecycle;
let sha256: string;

beforeEach(async () => {
  life = await new TestLifecycle().open();
  const zip = await zipSingleFile('index.js', 'exports.handler = () => 1;');
  sha256 = createHash('sha256').update(zip).digest('hex');
  writeFileSync(join(life.directory, 'packages', `${sha256}.zip`), zip);
});
afterEach(() => life.close());

const watch = (): void => {
  const onEvent = (event: Parameters<typeof life.reaper.onEvent>[0]): void => void life.reaper.onEvent(event);
  life.engine.watch(instanceLabels(INSTANCE), { onEvent, onOpen: () => undefined }, life.signal);
};

describe('a container that ends behind our back', () => {
  it('is reset with its exit as soon as the event comes', async () => {
    watch();
    await life.warm(A, sha256);
    life.engine.end(life.dockerIdOf(A), { exitCode: 137, oomKilled: true });
    await eventually(() => life.stateOf(A) === 'gone');
    const { view } = life.registry.get(A);
    expect(view.exit).toEqual({ exitCode: 137, oomKilled: true });
    expect(view.reason).toBe('the container ended by itself with exit code 137, out of memory');
  });

  it('is reset when it was removed by hand', async () => {
    watch();
    await life.warm(A, sha256);
    life.engine.vanish(life.dockerIdOf(A), { isTold: true });
    await eventually(() => life.stateOf(A) === 'gone');
    expect(life.registry.get(A).view.reason).toBe('Docker removed the container; not by us');
  });

  it('is found by the next reconcile when the event was lost', async () => {
    await life.warm(A, sha256);
    await life.cold(B);
    life.engine.end(life.dockerIdOf(A), { exitCode: 1, oomKilled: false });
    life.engine.vanish(life.dockerIdOf(B), { isTold: false });
    await life.reaper.reconcile();
    expect(life.registry.get(A).view).toMatchObject({ state: 'gone', exit: { exitCode: 1 } });
    expect(life.registry.get(B).view).toMatchObject({ state: 'gone', reason: 'the container is not there any more' });
  });

  it('is looked for more often while it is being made, and not otherwise', async () => {
    await life.cold(B);
    const before = life.engine.calls.length;
    await life.reaper.reconcileInTransit();
    expect(life.engine.calls.length).toBe(before);
    await life.containers.init(life.initRequest(A), life.signal);
    life.engine.end(life.dockerIdOf(A), { exitCode: 1, oomKilled: false });
    await life.reaper.reconcileInTransit();
    expect(life.registry.get(A).view).toMatchObject({ state: 'gone', exit: { exitCode: 1 } });
  });

  it('is not reset twice by the events of our own removal', async () => {
    watch();
    await life.warm(A, sha256);
    const view = await life.containers.reset(A, { operationId: 'x', reason: 'idle' }, life.signal);
    expect(view.history.filter(({ to }) => to === 'resetting')).toHaveLength(1);
    expect(view.reason).toBe('idle');
  });
});

describe('a reconcile', () => {
  it('removes containers of ours that no record knows', async () => {
    const spec = {
      containerId: B,
      instanceId: INSTANCE,
      runtime: 'nodejs20',
      imageId: `sha256:${'a'.repeat(64)}`,
      memoryMb: 128,
      cpus: { shares: 2 },
      token: 't',
      paths: { task: '', layers: '', socket: '' },
      codePropagation: 'rslave' as const,
      labels: {},
    };
    await life.engine.create(spec, life.signal);
    await life.engine.create({ ...spec, containerId: A, instanceId: 'd'.repeat(32) }, life.signal);
    await life.reaper.reconcile();
    const left = await life.engine.list({}, life.signal);
    expect(left.map(({ labels }) => labels['easyfaas.instance'])).toEqual(['d'.repeat(32)]);
  });

  it('removes directories and mounts without a container, and leaves the others', async () => {
    await life.warm(A, sha256);
    mkdirSync(join(life.directory, 'containers', B, 'task'), { recursive: true });
    life.codeMounts.attach(sha256, life.taskOf(B));
    await life.reaper.reconcile();
    expect(readdirSync(join(life.directory, 'containers'))).toEqual([A]);
    expect([...life.codeMounts.attached.keys()]).toEqual([life.taskOf(A)]);
    expect(life.stateOf(A)).toBe('warm');
  });

  it('leaves a container alone that is just being made', async () => {
    const release = life.engine.hold('start');
    const made = life.containers.init(life.initRequest(A), life.signal);
    await eventually(() => life.engine.calls.some((call) => call.startsWith('start')));
    await life.reaper.reconcile();
    release();
    await made;
    expect(life.stateOf(A)).toBe('creating');
  });

  it('tells why it failed, and that it is well again', async () => {
    expect(life.reaper.problem).toBe('not done yet');
    life.engine.failNext('list', new EngineError('unavailable', 'docker ps failed: ECONNREFUSED'));
    await life.reaper.reconcile();
    expect(life.reaper.problem).toBe('docker ps failed: ECONNREFUSED');
    await life.reaper.reconcile();
    expect(life.reaper.problem).toBeUndefined();
  });

  it('finds an image that was built meanwhile', async () => {
    life.engine.images.clear();
    await life.reaper.reconcile();
    expect(life.context.runtimes.list()[0]?.imageId).toBeUndefined();
    life.engine.images.set('easyfaas/runtime-nodejs20:latest', `sha256:${'e'.repeat(64)}`);
    await life.reaper.reconcile();
    expect(life.context.runtimes.list()[0]?.imageId).toBe(`sha256:${'e'.repeat(64)}`);
  });
});

describe('a second process', () => {
  const restart = async (): Promise<TestLifecycle> => {
    const next = await new TestLifecycle({}, life).open();
    await adopt(next.context, next.signal);
    next.containers.resumeDeadlines();
    await next.reaper.reconcile();
    return next;
  };

  it('adopts containers in every state of use with limits, reservations and operations', async () => {
    const ids = ['100000000000', '200000000000', '300000000000', '400000000000', '500000000000'] as const;
    await life.containers.init(life.initRequest(ids[0]), life.signal);
    await life.cold(ids[1]);
    await life.cold(ids[2]);
    await life.containers.warmUp(ids[2], life.warmUpRequest(sha256), life.signal);
    await life.warm(ids[3], sha256);
    await life.warm(ids[4], sha256);
    const pause = life.transition();
    await life.containers.pause(ids[4], pause, life.signal);
    const revision = life.registry.revision;

    const next = await restart();
    expect(ids.map((id) => next.stateOf(id))).toEqual(['creating', 'cold', 'warming', 'warm', 'paused']);
    expect(next.ledger.reservedMb).toBe(life.ledger.reservedMb);
    expect(next.registry.revision).toBeGreaterThan(revision);
    expect(next.registry.get(ids[3]).view).toMatchObject({ assignment: { functionName: 'f' }, memoryMb: 256, token: 'c'.repeat(32) });
    expect(next.cgroups.frozen.has(next.dockerIdOf(ids[4]))).toBe(true);
    expect((await next.containers.pause(ids[4], pause, next.signal)).state).toBe('paused');
    next.clock.advance(30_000);
    await eventually(() => next.stateOf(ids[0]) === 'gone');
  });

  it('removes what cannot go on: no record, code gone, ended, or a reset not finished', async () => {
    const ids = ['100000000000', '200000000000', '300000000000', '400000000000'] as const;
    for (const id of ids) await life.warm(id, sha256);
    writeFileSync(join(life.directory, 'containers', ids[0], 'state.json'), '{"view":{"state":"warm"');
    life.codeMounts.detach(life.taskOf(ids[1]));
    life.engine.end(life.dockerIdOf(ids[2]), { exitCode: 1, oomKilled: false });
    life.engine.failNext('remove', new EngineError('unavailable', 'killed here'));
    await expect(life.containers.reset(ids[3], { operationId: 'x', reason: 'idle' }, life.signal)).rejects.toThrow('killed here');

    const next = await restart();
    expect(next.registry.views()).toEqual([]);
    expect(await next.engine.list({}, next.signal)).toEqual([]);
    expect(next.codeMounts.attached.size).toBe(0);
    expect(readdirSync(join(life.directory, 'containers'))).toEqual([]);
    expect(next.ledger.reservedMb).toBe(0);
  });

  it('thaws a warm container that was frozen when the first process died', async () => {
    await life.warm(A, sha256);
    await life.cgroups.freeze(life.dockerIdOf(A));
    const next = await restart();
    expect(next.stateOf(A)).toBe('warm');
    expect(next.cgroups.frozen.size).toBe(0);
  });
});
