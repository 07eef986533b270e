import { codeName } from '../code/code-parts';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSingleFile } from '@easyfaas/code-package';
import { ServiceError } from '@easyfaas/service-kit';
import { EngineError } from '../engine/engine-error';
import { eventually } from './testing/eventually';
import { TestLifecycle, type TestLifecycleOptions } from './testing/test-lifecycle';

const A = 'aaaaaaaaaaaa';
const C = 'cccccccccccc';
const B = 'bbbbbbbbbbbb';
let life: TestLifecycle;
let sha256: string;

async function open(options: TestLifecycleOptions = {}): Promise<void> {
  life = await new TestLifecycle(options).open();
  const zip = await zipSingleFile('index.js', 'exports.handler = () => 1;');
  sha256 = createHash('sha256').update(zip).digest('hex');
  writeFileSync(join(life.directory, 'packages', `${sha256}.zip`), zip);
}

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  return error instanceof ServiceError ? error.code : String(error);
};

beforeEach(() => open());
afterEach(() => life.close());

describe('a container made', () => {
  it('is told of before Docker is asked, with the directory to listen in', async () => {
    const seen: string[] = [];
    life.registry.listen({
      onChange: (view) =>
        seen.push(`${view.state} ${view.dockerId === undefined} ${existsSync(view.socketDirectory)} ${life.engine.calls.length}`),
    });
    const before = life.engine.calls.length;
    const view = await life.containers.init(life.initRequest(A), life.signal);
    expect(seen[0]).toBe(`creating true true ${before}`);
    expect(view).toMatchObject({ containerId: A, state: 'creating', memoryMb: 128, classMb: 128, runtime: 'nodejs20' });
    expect(view.dockerId).toHaveLength(64);
    expect(statSync(view.socketDirectory).mode & 0o777).toBe(0o775);
  });

  it('has the size of /tmp that was asked for, in its record too', async () => {
    const view = await life.containers.init({ ...life.initRequest(A), tmpMb: 512 }, life.signal);
    expect(view.tmpMb).toBe(512);
    expect(life.context.directories.load(A)?.view.tmpMb).toBe(512);
    expect(await life.containers.init(life.initRequest(B), life.signal)).not.toHaveProperty('tmpMb');
  });

  it('is the same one when the request is repeated, also while it is being made', async () => {
    const request = life.initRequest(A);
    const [first, second] = await Promise.all([life.containers.init(request, life.signal), life.containers.init(request, life.signal)]);
    expect(second.dockerId).toBe(first.dockerId);
    expect((await life.containers.init(request, life.signal)).dockerId).toBe(first.dockerId);
    expect(life.engine.calls.filter((call) => call.startsWith('create'))).toHaveLength(1);
  });

  it('is left alone by another request with its id while it is being made', async () => {
    await life.containers.init(life.initRequest(A), life.signal);
    expect(await codeOf(life.containers.init({ ...life.initRequest(A), runtime: 'cobol' }, life.signal))).toBe('ILLEGAL_TRANSITION');
    await life.containers.attached(A, life.transition());
    expect(life.stateOf(A)).toBe('cold');
  });

  it('is left alone by another request with its id', async () => {
    await life.cold(A);
    expect(await codeOf(life.containers.init(life.initRequest(A), life.signal))).toBe('ILLEGAL_TRANSITION');
    expect(life.stateOf(A)).toBe('cold');
    expect(life.ledger.limitOf(A)).toBe(128);
    expect(existsSync(life.taskOf(A))).toBe(true);
  });

  it('with egress is attached to the guarded network, and is not made where that cannot be', async () => {
    await life.containers.init({ ...life.initRequest(A), network: 'egress' }, life.signal);
    expect(life.engine.egressOf(life.dockerIdOf(A))).toEqual({
      network: 'easyfaas-egress-bbbbbbbb',
      resolvers: ['9.9.9.9'],
    });
    life.networks.refusal = 'no nf_tables';
    life.networks.endGuards();
    const before = life.engine.calls.filter((call) => call.startsWith('create')).length;
    expect(await codeOf(life.containers.init({ ...life.initRequest(B), network: 'egress' }, life.signal))).toBe('EGRESS_UNAVAILABLE');
    expect(life.engine.calls.filter((call) => call.startsWith('create'))).toHaveLength(before);
    await eventually(() => life.stateOf(B) === 'gone');
    // The one that is there does not go on without rules; others are not touched.
    await life.cold(C);
    await life.reaper.reconcile();
    expect([life.stateOf(A), life.stateOf(C)]).toEqual(['gone', 'cold']);
  });

  it('is refused for an unknown runtime, a missing image, and a full node', async () => {
    expect(await codeOf(life.containers.init({ ...life.initRequest(A), runtime: 'cobol' }, life.signal))).toBe('VALIDATION_FAILED');
    expect(await codeOf(life.containers.init(life.initRequest(A, 4000), life.signal))).toBe('CAPACITY_EXCEEDED');
    life.engine.images.clear();
    await life.context.runtimes.refresh(life.signal);
    expect(await codeOf(life.containers.init(life.initRequest(A), life.signal))).toBe('RUNTIME_UNAVAILABLE');
    expect(life.registry.views()).toEqual([]);
    expect(life.ledger.reservedMb).toBe(0);
    expect(readdirSync(join(life.directory, 'containers'))).toEqual([]);
  });

  it.each(['create', 'start'] as const)('leaves nothing behind when Docker fails to %s it', async (method) => {
    life.engine.failNext(method, new EngineError('unavailable', 'disk on fire'));
    expect(await codeOf(life.containers.init(life.initRequest(A), life.signal))).toBe('ENGINE_UNAVAILABLE');
    await eventually(() => life.stateOf(A) === 'gone');
    expect(life.registry.get(A).view.reason).toBe('creating failed: disk on fire');
    expect(life.ledger.reservedMb).toBe(0);
    expect(readdirSync(join(life.directory, 'containers'))).toEqual([]);
    expect(await life.engine.list({}, life.signal)).toEqual([]);
  });

  it('is reset when its processes do not dial in within the deadline', async () => {
    await life.containers.init(life.initRequest(A), life.signal);
    life.clock.advance(29_999);
    expect(life.stateOf(A)).toBe('creating');
    life.clock.advance(1);
    await eventually(() => life.stateOf(A) === 'gone');
    expect(life.registry.get(A).view.reason).toBe('still creating after 30000 ms');
  });

  it('is not reset by that deadline once it is cold', async () => {
    await life.cold(A);
    life.clock.advance(60_000);
    expect(life.stateOf(A)).toBe('cold');
  });

  it('waits for its turn when many are made at once', async () => {
    life.close();
    await open({ creationsMax: 1 });
    const release = life.engine.hold('create');
    const first = life.containers.init(life.initRequest(A), life.signal);
    const second = life.containers.init(life.initRequest(B), life.signal);
    await eventually(() => life.engine.calls.includes(`create ${A}`));
    expect(life.engine.calls).not.toContain(`create ${B}`);
    release();
    await Promise.all([first, second]);
    expect(life.engine.calls).toContain(`create ${B}`);
  });
});

describe('a warm-up', () => {
  it('reserves, raises memory and processor share, mounts the code, and asks Docker nothing meanwhile', async () => {
    await life.cold(A);
    const before = life.engine.calls.length;
    const { container, timings } = await life.containers.warmUp(A, life.warmUpRequest(sha256), life.signal);
    // Telling Docker the limit comes later, by a timer of its own.
    expect(life.engine.calls.slice(before).filter((call) => !call.startsWith('setLimits'))).toEqual([]);
    expect(container).toMatchObject({ state: 'warming', memoryMb: 256, classMb: 128, assignment: { functionName: 'f' } });
    expect(life.cgroups.writes).toEqual(['memory 256', 'shares 148']);
    expect(life.codeMounts.attached.get(life.taskOf(A))).toBe(codeName('a', [sha256]));
    expect(life.ledger.reservedMb).toBe(264);
    expect(Object.keys(timings)).toEqual(['reserveMs', 'memoryMs', 'codeMs', 'mountMs']);
    await eventually(() => life.engine.memoryMbOf(life.dockerIdOf(A)) === 256);
  });

  it('has written down whose container it is before the code is mounted', async () => {
    await life.cold(A);
    life.codeMounts.attach = () => {
      expect(life.context.directories.load(A)).toMatchObject({
        view: { state: 'warming', assignment: { functionName: 'f' } },
        codeName: codeName('a', [sha256]),
      });
      throw new Error('stop here');
    };
    await expect(life.containers.warmUp(A, life.warmUpRequest(sha256), life.signal)).rejects.toThrow('stop here');
  });

  it('is given once: repeated it answers again, another one is refused', async () => {
    await life.cold(A);
    const request = life.warmUpRequest(sha256);
    const first = await life.containers.warmUp(A, request, life.signal);
    expect((await life.containers.warmUp(A, request, life.signal)).timings).toEqual(first.timings);
    expect(await codeOf(life.containers.warmUp(A, life.warmUpRequest(sha256), life.signal))).toBe('ILLEGAL_TRANSITION');
    await life.containers.loaded(A, life.transition());
    expect(await codeOf(life.containers.warmUp(A, life.warmUpRequest(sha256), life.signal))).toBe('ILLEGAL_TRANSITION');
    expect(life.stateOf(A)).toBe('warm');
  });

  it('leaves the container cold when the node has not enough memory', async () => {
    await life.cold(A);
    expect(await codeOf(life.containers.warmUp(A, life.warmUpRequest(sha256, 3000), life.signal))).toBe('CAPACITY_EXCEEDED');
    expect(life.stateOf(A)).toBe('cold');
    expect(life.ledger.reservedMb).toBe(136);
  });

  it('leaves the container cold, and its memory as it was, when the quotas of others take the processors', async () => {
    life.close();
    await open({ budgetCpus: 0.3 });
    await life.warm(A, sha256);
    await life.cold(B);
    const reservedMb = life.ledger.reservedMb;
    await expect(life.containers.warmUp(B, life.warmUpRequest(sha256, 300), life.signal)).rejects.toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      details: { resource: 'cpu', neededCpus: 0.17 },
    });
    expect([life.stateOf(B), life.ledger.reservedMb, life.cpuLedger.reservedCpus]).toEqual(['cold', reservedMb, 0.14]);
    await life.containers.reset(A, life.transition(), life.signal);
    expect(life.cpuLedger.reservedCpus).toBe(0);
    await life.containers.warmUp(B, life.warmUpRequest(sha256, 300), life.signal);
    expect(life.cpuLedger.reservedCpus).toBe(0.17);
  });

  it('gives memory back for a function smaller than its class', async () => {
    await life.containers.init(life.initRequest(A, 512), life.signal);
    await life.containers.attached(A, life.transition());
    await life.containers.warmUp(A, life.warmUpRequest(sha256, 128), life.signal);
    expect(life.ledger.limitOf(A)).toBe(128);
    expect(life.cgroups.writes).toEqual(['memory 128', 'shares 74']);
  });

  it('goes through Docker where control groups refuse, and there is no harm', async () => {
    life.cgroups.refusal = Object.assign(new Error('read-only'), { code: 'EROFS' });
    await life.cold(A);
    await life.containers.warmUp(A, life.warmUpRequest(sha256), life.signal);
    expect(life.engine.memoryMbOf(life.dockerIdOf(A))).toBe(256);
  });

  it('destroys the container when the package is not there', async () => {
    await life.cold(A);
    expect(await codeOf(life.containers.warmUp(A, life.warmUpRequest('f'.repeat(64)), life.signal))).toBe('PACKAGE_MISSING');
    await eventually(() => life.stateOf(A) === 'gone');
    expect(life.ledger.reservedMb).toBe(0);
  });

  it('destroys the container when the runtime never answers', async () => {
    await life.cold(A);
    await life.containers.warmUp(A, life.warmUpRequest(sha256), life.signal);
    life.clock.advance(60_000);
    await eventually(() => life.stateOf(A) === 'gone');
  });

  it('is refused before the container is cold', async () => {
    await life.containers.init(life.initRequest(A), life.signal);
    expect(await codeOf(life.containers.warmUp(A, life.warmUpRequest(sha256), life.signal))).toBe('ILLEGAL_TRANSITION');
    expect(await codeOf(life.containers.warmUp(B, life.warmUpRequest(sha256), life.signal))).toBe('CONTAINER_NOT_FOUND');
  });
});

describe('memory of a live container', () => {
  it('is raised at once and in Docker soon', async () => {
    await life.warm(A, sha256);
    const view = await life.containers.resize(A, { operationId: 'r1', memoryMb: 512 }, life.signal);
    expect(view.memoryMb).toBe(512);
    expect(life.cgroups.writes.slice(-2)).toEqual(['memory 512', 'shares 296']);
    await eventually(() => life.engine.memoryMbOf(life.dockerIdOf(A)) === 512);
    expect(life.ledger.limitOf(A)).toBe(512);
  });

  it('is told to Docker once for several quick changes, the last one', async () => {
    await life.warm(A, sha256);
    await eventually(() => life.engine.memoryMbOf(life.dockerIdOf(A)) === 256);
    for (const memoryMb of [300, 400, 500]) await life.containers.resize(A, { operationId: `r${memoryMb}`, memoryMb }, life.signal);
    await eventually(() => life.engine.memoryMbOf(life.dockerIdOf(A)) === 500);
    expect(life.engine.calls.filter((call) => call.startsWith('setLimits'))).toHaveLength(2);
  });

  it('is not lowered below what is used, with the figures', async () => {
    await life.warm(A, sha256);
    life.cgroups.usageBytes = 180 * 1024 * 1024;
    const call = life.containers.resize(A, { operationId: 'r1', memoryMb: 200 }, life.signal);
    await expect(call).rejects.toMatchObject({ code: 'MEMORY_BUSY', details: { usedMb: 180, neededMb: 215, wantedMb: 200 } });
    expect(life.ledger.limitOf(A)).toBe(256);
    expect((await life.containers.resize(A, { operationId: 'r2', memoryMb: 220 }, life.signal)).memoryMb).toBe(220);
    expect(life.ledger.limitOf(A)).toBe(220);
  });

  it('is not raised beyond the node, and nothing changes', async () => {
    await life.warm(A, sha256);
    expect(await codeOf(life.containers.resize(A, { operationId: 'r1', memoryMb: 4000 }, life.signal))).toBe('CAPACITY_EXCEEDED');
    expect(life.registry.get(A).view.memoryMb).toBe(256);
  });

  it('is given back in the ledger when neither way of raising it worked', async () => {
    await life.warm(A, sha256);
    await eventually(() => life.engine.memoryMbOf(life.dockerIdOf(A)) === 256);
    life.cgroups.refusal = new Error('no');
    life.engine.failNext('setLimits', new EngineError('unavailable', 'no'));
    expect(await codeOf(life.containers.resize(A, { operationId: 'r1', memoryMb: 512 }, life.signal))).toBe('ENGINE_UNAVAILABLE');
    expect(life.ledger.limitOf(A)).toBe(256);
  });
});

describe('pause and resume', () => {
  it('freeze and thaw the control group', async () => {
    await life.warm(A, sha256);
    expect((await life.containers.pause(A, life.transition(), life.signal)).state).toBe('paused');
    expect(life.cgroups.frozen.size).toBe(1);
    expect((await life.containers.resume(A, life.transition(), life.signal)).state).toBe('warm');
    expect(life.cgroups.frozen.size).toBe(0);
  });

  it('go through Docker where there are no control groups', async () => {
    life.close();
    await open({ hasCgroups: false });
    await life.warm(A, sha256);
    await life.containers.pause(A, life.transition(), life.signal);
    await life.containers.resume(A, life.transition(), life.signal);
    expect(life.engine.calls.slice(-2).map((call) => call.split(' ')[0])).toEqual(['pause', 'resume']);
  });

  it('go through Docker where the control group cannot be written, and back the same way', async () => {
    await life.warm(A, sha256);
    life.cgroups.freeze = () => Promise.reject(Object.assign(new Error('read-only file system'), { code: 'EROFS' }));
    await life.containers.pause(A, life.transition(), life.signal);
    await life.containers.resume(A, life.transition(), life.signal);
    expect(life.engine.calls.slice(-2).map((call) => call.split(' ')[0])).toEqual(['pause', 'resume']);
  });

  it('leave nothing half frozen when it takes too long', async () => {
    await life.warm(A, sha256);
    life.cgroups.freeze = (dockerId) => {
      life.cgroups.frozen.add(dockerId);
      return Promise.reject(new Error('aborted'));
    };
    await expect(life.containers.pause(A, life.transition(), life.signal)).rejects.toThrow('aborted');
    expect(life.cgroups.frozen.size).toBe(0);
    expect(life.stateOf(A)).toBe('warm');
  });

  it('are refused in every other state', async () => {
    await life.cold(A);
    expect(await codeOf(life.containers.pause(A, life.transition(), life.signal))).toBe('ILLEGAL_TRANSITION');
    await life.containers.warmUp(A, life.warmUpRequest(sha256), life.signal);
    expect(await codeOf(life.containers.resume(A, life.transition(), life.signal))).toBe('ILLEGAL_TRANSITION');
  });

  it('do not pass for loaded', async () => {
    await life.warm(A, sha256);
    await life.containers.pause(A, life.transition(), life.signal);
    expect(await codeOf(life.containers.loaded(A, life.transition()))).toBe('ILLEGAL_TRANSITION');
  });
});

describe('a reset', () => {
  it('leaves no container, mount, directory or reservation, and gone can be asked for again', async () => {
    await life.warm(A, sha256);
    await life.containers.pause(A, life.transition(), life.signal);
    const view = await life.containers.reset(A, { operationId: 'x', reason: 'idle' }, life.signal);
    expect(view).toMatchObject({ state: 'gone', reason: 'idle' });
    expect(view.history.map(({ to }) => to)).toEqual(['creating', 'cold', 'warming', 'warm', 'paused', 'resetting', 'gone']);
    expect(await life.engine.list({}, life.signal)).toEqual([]);
    expect(life.codeMounts.attached.size).toBe(0);
    expect(life.cgroups.frozen.size).toBe(0);
    expect(readdirSync(join(life.directory, 'containers'))).toEqual([]);
    expect(life.ledger.reservedMb).toBe(0);
    expect((await life.containers.reset(A, { operationId: 'y', reason: 'again' }, life.signal)).state).toBe('gone');
  });

  it('that Docker refuses stays a reset and succeeds the next time', async () => {
    await life.warm(A, sha256);
    life.engine.failNext('remove', new EngineError('unavailable', 'no answer'));
    expect(await codeOf(life.containers.reset(A, { operationId: 'x', reason: 'idle' }, life.signal))).toBe('ENGINE_UNAVAILABLE');
    expect(life.stateOf(A)).toBe('resetting');
    expect(life.ledger.reservedMb).toBeGreaterThan(0);
    await life.reaper.reconcile();
    expect(life.stateOf(A)).toBe('gone');
    expect(life.ledger.reservedMb).toBe(0);
  });

  it('waits for a creation under way and undoes it', async () => {
    const release = life.engine.hold('create');
    const made = life.containers.init(life.initRequest(A), life.signal);
    await eventually(() => life.engine.calls.includes(`create ${A}`));
    const reset = life.containers.reset(A, { operationId: 'x', reason: 'surplus' }, life.signal);
    release();
    await made;
    expect((await reset).state).toBe('gone');
    expect(await life.engine.list({}, life.signal)).toEqual([]);
  });

  it('of a container that was never there is an error', async () => {
    await expect(async () => life.containers.reset(B, { operationId: 'x', reason: 'r' }, life.signal)).rejects.toMatchObject({
      code: 'CONTAINER_NOT_FOUND',
    });
  });
});

describe('altered code', () => {
  it('ends the containers that have it', async () => {
    await life.warm(A, sha256);
    await life.cold(B);
    life.containers.discardUsersOf(codeName('a', [sha256]));
    await eventually(() => life.stateOf(A) === 'gone');
    expect(life.stateOf(B)).toBe('cold');
  });
});
