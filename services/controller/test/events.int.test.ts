import { AsyncKeys } from '../src/async/async-keys';
import { LocalController } from './support/local-controller';
import { LosingRedis } from './support/losing-redis';
import { eventually } from './eventually';
import { connectTo, describeWithPrivateRedis, restrictToDocumented, startPrivateRedis, type PrivateRedis } from './redis-server';

const EVENT = { 'X-Easyfaas-Invoke-Type': 'event' };

describeWithPrivateRedis('the life of an event', () => {
  let redis: PrivateRedis;
  let denied: () => Promise<string[]>;
  let local: LocalController;

  beforeEach(async () => {
    redis = await startPrivateRedis();
    denied = await restrictToDocumented(redis);
    local = new LocalController({ redis, poolMin: 2 });
    await local.start();
  }, 30_000);

  afterEach(async () => {
    await local.stop();
    expect(await denied()).toEqual([]);
    await redis.stop();
  });

  const send = async (name: string, payload: unknown = {}, headers: Record<string, string> = {}): Promise<string> => {
    const answer = await local.invoke(name, payload, { ...EVENT, ...headers });
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 202 });
    return (JSON.parse(answer.text) as { requestId: string }).requestId;
  };

  it('is accepted with an id and a place to ask for it, run, and recorded', async () => {
    local.deploy('echo', {
      source: 'exports.handler = async (event, context) => ({ event, custom: context.clientContext.custom.easyfaas })',
    });
    const answer = await local.invoke('echo', { a: 1 }, EVENT);
    expect(answer.status).toBe(202);
    const { requestId } = JSON.parse(answer.text) as { requestId: string };
    expect(answer.headers.get('location')).toBe(`/v1/invocations/${requestId}`);
    await eventually(() => expect(local.records).toHaveLength(1), 20_000);
    expect(local.records[0]).toMatchObject({
      requestId,
      invokeType: 'Event',
      status: 'succeeded',
      attemptCount: 1,
      condition: 'Success',
      source: 'api',
      keyId: 'test',
    });
  }, 60_000);

  it('is tried again after the function failed, then becomes a dead letter', async () => {
    local.deploy('fails', { source: 'let n = 0; exports.handler = async () => { throw new Error(`no ${++n}`); };' });
    const requestId = await send('fails');
    await eventually(() => expect(local.records).toHaveLength(1), 30_000);
    expect(local.records[0]).toMatchObject({
      requestId,
      status: 'failed',
      attemptCount: 3,
      condition: 'RetriesExhausted',
      errorMessage: 'no 3',
    });
    const { store } = local.events;
    expect(await store.list('dead', 'default', 'fails', 10)).toEqual([requestId]);
    const state = await store.read('default', requestId);
    expect(state?.attempts.map(({ outcome, attempt }) => `${attempt} ${outcome}`)).toEqual([
      '1 function error',
      '2 function error',
      '3 function error',
    ]);
  }, 60_000);

  it('succeeds later, and the function is told which try it is', async () => {
    const source = `exports.handler = async (event, context) => {
      const { attempt } = context.clientContext.custom.easyfaas;
      if (attempt < 3) throw new Error('not yet');
      return attempt;
    };`;
    local.deploy('third', { source });
    const requestId = await send('third');
    await eventually(async () => expect((await local.events.store.read('default', requestId))?.status).toBe('succeeded'), 30_000);
    expect((await local.events.store.read('default', requestId))?.result?.toString()).toBe('3');
  }, 60_000);

  it('waits while it is throttled, without using up its tries', async () => {
    const held = local.deploy('held', { source: 'exports.handler = async () => "ran"', reserved: 1 });
    const busy = local.deploy('held', {
      source: 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 1500))',
      reserved: 1,
    });
    expect(busy.configuration.FunctionName).toBe(held.configuration.FunctionName);
    const occupying = local.invoke('held');
    await eventually(() => expect(local.engine.admitted()).toBe(1), 20_000);
    const requestId = await send('held');
    await occupying;
    await eventually(async () => expect((await local.events.store.read('default', requestId))?.status).toBe('succeeded'), 30_000);
    const state = await local.events.store.read('default', requestId);
    expect(state).toMatchObject({ attempt: 1, functionErrors: 0 });
    expect(state?.attempts[0]).toMatchObject({ outcome: 'platform error', reason: 'THROTTLED' });
  }, 60_000);

  it('ends at once as a dead letter where nothing may run, or there is nothing to run', async () => {
    local.deploy('zero', { source: 'exports.handler = async () => 1', reserved: 0 });
    const zero = await send('zero');
    await eventually(
      async () => expect((await local.events.store.read('default', zero))?.condition).toBe('ZeroReservedConcurrency'),
      20_000,
    );
    local.deploy('gone', { source: 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 300))' });
    const first = await send('gone');
    local.directory.delete('gone');
    await eventually(async () => expect((await local.events.store.read('default', first))?.status).toMatch(/succeeded|failed/), 20_000);
  }, 60_000);

  it('beside it, a call with a key runs once: its answer is given again, also to a client that went away meanwhile', async () => {
    const source = `let runs = 0;
    exports.handler = async ({ ms = 0, fails = false }) => {
      runs++;
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (fails) throw new Error('run ' + runs);
      return { runs };
    };`;
    local.deploy('once', { source });
    const first = await local.invoke('once', {}, { 'Idempotency-Key': 'a' });
    const again = await local.invoke('once', {}, { 'Idempotency-Key': 'a' });
    expect([first.text, again.text]).toEqual(['{"runs":1}', '{"runs":1}']);
    expect(again.headers.get('x-easyfaas-idempotent-replayed')).toBe('true');
    expect(again.headers.get('x-easyfaas-request-id')).toBe(first.headers.get('x-easyfaas-request-id'));
    expect((await local.invoke('once', { other: true }, { 'Idempotency-Key': 'a' })).status).toBe(422);

    const failed = await local.invoke('once', { fails: true }, { 'Idempotency-Key': 'b' });
    expect(failed.headers.get('x-easyfaas-function-error')).toBe('Unhandled');
    expect((await local.invoke('once', { fails: true }, { 'Idempotency-Key': 'b' })).text).toBe(failed.text);

    const leaving = new AbortController();
    const left = local.invoke('once', { ms: 1000 }, { 'Idempotency-Key': 'c' }, leaving.signal).catch((error: Error) => error.name);
    await eventually(() => expect(local.engine.admitted()).toBe(1), 10_000);
    const meanwhile = await local.invoke('once', { ms: 1000 }, { 'Idempotency-Key': 'c' });
    expect([meanwhile.status, meanwhile.headers.get('retry-after')]).toEqual([409, '1']);
    leaving.abort();
    expect(await left).toBe('AbortError');
    await eventually(async () => {
      const later = await local.invoke('once', { ms: 1000 }, { 'Idempotency-Key': 'c' });
      expect([later.status, later.text]).toEqual([200, '{"runs":3}']);
    }, 20_000);
    expect((await local.invoke('once', {}, { 'Idempotency-Key': 'k'.repeat(257) })).status).toBe(400);
    // What the platform refused may be tried again under the same key.
    local.deploy('full', { source: 'exports.handler = async () => 1', reserved: 0 });
    expect((await local.invoke('full', {}, { 'Idempotency-Key': 'd' })).status).toBe(429);
    local.deploy('full', { source: 'exports.handler = async () => 1' });
    await eventually(async () => expect((await local.invoke('full', {}, { 'Idempotency-Key': 'd' })).text).toBe('1'), 20_000);
  }, 60_000);

  it('F9 and F6 survives that Redis is away when its function ends', async () => {
    local.deploy('slow', { source: 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 800, "done"))' });
    const requestId = await send('slow');
    await eventually(() => expect(local.engine.admitted()).toBe(1), 20_000);
    redis.freeze();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    redis.thaw();
    await eventually(async () => expect((await local.events.store.read('default', requestId))?.status).toBe('succeeded'), 30_000);
    expect((await local.events.store.read('default', requestId))?.attempt).toBe(1);
  }, 60_000);

  it('ends once and with its record when Redis wrote the end down and its answer was lost', async () => {
    const losing = new LosingRedis(redis);
    await losing.start();
    const other = new LocalController({ redis: { ...redis, url: losing.url }, poolMin: 1 });
    await local.events.drain(AbortSignal.abort());
    await other.start();
    try {
      for (const pod of [local, other]) pod.deploy('told', { source: 'exports.handler = async () => "done"' });
      await send('told');
      await eventually(() => expect(other.records).toHaveLength(1), 20_000);
      losing.loseNext('asyncSettle');
      const requestId = await send('told');
      await eventually(() => expect(other.records).toHaveLength(2), 20_000);
      expect(losing.lost).toBe(1);
      expect(other.records[1]).toMatchObject({ requestId, status: 'succeeded', attemptCount: 1 });
      expect(await other.events.store.read('default', requestId)).toMatchObject({ status: 'succeeded', attempt: 1 });
      expect(await other.registry.getSingleMetricAsString('easyfaas_events_ended_total')).toMatch(/status="succeeded"[^}]*\} 2\n?$/m);
      await other.events.sweep();
      expect(await other.registry.getSingleMetricAsString('easyfaas_queue_conservation_drift')).toMatch(/drift\{[^}]*\} 0\n?$/);
    } finally {
      await other.stop();
      await losing.stop();
    }
  }, 60_000);

  it('is handed back unspent when its controller drains, and run by the next one', async () => {
    local.deploy('long', {
      source: 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 2000, "done"))',
      timeoutSeconds: 5,
    });
    const requestId = await send('long');
    await eventually(() => expect(local.engine.admitted()).toBe(1), 20_000);
    await local.events.drain(AbortSignal.abort());
    expect(await local.events.store.read('default', requestId)).toMatchObject({ status: 'accepted', attempt: 0 });
    await local.stopController();
    await local.startController();
    await eventually(async () => expect((await local.events.store.read('default', requestId))?.status).toBe('succeeded'), 30_000);
    expect((await local.events.store.read('default', requestId))?.attempt).toBe(1);
  }, 60_000);

  it('is one of either pod where two share the queue; when one is lost, the other one runs what it had', async () => {
    const other = new LocalController({ redis, poolMin: 2 });
    await other.start();
    let isThere = true;
    try {
      const source = 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 1500, "done"))';
      for (const pod of [local, other]) pod.deploy('shared', { source, timeoutSeconds: 10, concurrency: 4 });
      const requestIds = await Promise.all(Array.from({ length: 24 }, () => send('shared')));
      await eventually(() => expect(Math.min(local.engine.admitted(), other.engine.admitted())).toBeGreaterThan(0), 20_000);
      await other.stop();
      isThere = false;
      await eventually(async () => {
        const states = await Promise.all(requestIds.map((requestId) => local.events.store.read('default', requestId)));
        expect(states.filter((state) => state?.status !== 'succeeded')).toEqual([]);
      }, 50_000);
      await local.events.sweep();
      expect(await local.registry.getSingleMetricAsString('easyfaas_queue_conservation_drift')).toMatch(/drift\{[^}]*\} 0\n?$/);
    } finally {
      if (isThere) await other.stop();
    }
  }, 120_000);

  it('F1 is run again when its controller is lost', async () => {
    local.deploy('long', {
      source: 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 1000, "done"))',
      timeoutSeconds: 5,
    });
    const requestId = await send('long');
    await eventually(() => expect(local.engine.admitted()).toBe(1), 20_000);
    await local.stopController();
    await local.startController();
    await eventually(async () => expect((await local.events.store.read('default', requestId))?.status).toBe('succeeded'), 50_000);
    const state = await local.events.store.read('default', requestId);
    expect(state?.attempt).toBe(2);
    expect(state?.attempts[0]).toMatchObject({ outcome: 'worker lost', attempt: 1 });
    await local.events.sweep();
    expect(await local.registry.getSingleMetricAsString('easyfaas_queue_conservation_drift')).toMatch(/drift\{[^}]*\} 0\n?$/);
  }, 90_000);

  it('whose job is in no list of its queue gets a place again', async () => {
    await local.events.drain(AbortSignal.abort());
    local.deploy('lost', { source: 'exports.handler = async () => "done"' });
    const requestId = await send('lost');
    const { redis: commands, close } = await connectTo(redis);
    try {
      const keys = new AsyncKeys(redis.prefix);
      expect(await commands.lrem(`${keys.queue('default', 'lost')}wait`, 0, `e-${requestId}`)).toBe(1);
      await commands.zadd(keys.open('default', 'lost'), Date.now() - 60_000, requestId);
    } finally {
      close();
    }
    await local.stopController();
    await local.startController();
    await eventually(async () => expect((await local.events.store.read('default', requestId))?.status).toBe('succeeded'), 30_000);
    await local.events.sweep();
    expect(await local.registry.getSingleMetricAsString('easyfaas_queue_conservation_drift')).toMatch(/drift\{[^}]*\} 0\n?$/);
  }, 60_000);

  it('cancelled while it waits is removed, cancelled while it runs is stopped', async () => {
    local.deploy('long', {
      source: 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 30000))',
      timeoutSeconds: 60,
      reserved: 1,
    });
    const running = await send('long');
    await eventually(() => expect(local.engine.admitted()).toBe(1), 20_000);
    const { store, invocations } = local.events;
    const later = { accountId: 'default', functionName: 'long', qualifier: '$LATEST', payload: Buffer.from('1'), source: 'api' };
    const { requestId: waiting } = await local.events.intake.accept({ ...later, notBeforeMs: Date.now() + 60_000 });
    expect((await invocations.cancel('default', waiting)).status).toBe('cancelled');
    expect((await invocations.cancel('default', running)).status).toBe('running');
    await eventually(async () => expect((await store.read('default', running))?.status).toBe('cancelled'), 20_000);
    // The function ignored CANCEL: its container goes after a short grace.
    await eventually(() => expect(local.engine.admitted()).toBe(0), 20_000);
    await expect(invocations.cancel('default', running)).rejects.toMatchObject({ code: 'INVOCATION_ENDED' });
  }, 60_000);
});
