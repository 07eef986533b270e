import type { PodLease } from '@easyfaas/contracts/wire';
import { RedisPackageHolders } from '../src/pods/redis-package-holders';
import { LEASE_MS, RedisPodRegistry, type RegistryAnswer } from '../src/pods/redis-pod-registry';
import { eventually } from './eventually';
import { type RedisClient, type TestRedis, connectTo, describeWithRedis, startRedis } from './redis-server';

const lease = (podId: string, bootId = `${podId}-1`): PodLease => ({
  podId,
  bootId,
  address: 'http://127.0.0.1:1',
  version: '1',
  startedAtMs: 1,
  isDraining: false,
  capacity: { containers: 1, containersMax: 8, cold: { nodejs20: 1 }, memoryFreeMb: 1000, freeSlots: 0, waiting: 0 },
});

describeWithRedis('the registry of pods', () => {
  let server: TestRedis;
  let client: RedisClient;
  let registry: RedisPodRegistry;

  beforeAll(async () => {
    server = await startRedis();
    client = await connectTo(server);
  });

  beforeEach(async () => {
    await client.redis.del(`${server.prefix}:pods`, `${server.prefix}:pod-key`);
    registry = new RedisPodRegistry({ redis: client.redis, prefix: server.prefix });
  });

  afterAll(async () => {
    client.close();
    await server.stop();
  });

  const refresh = async (of: PodLease, home = of.podId, keyCandidate?: string): Promise<RegistryAnswer> => {
    const answer = await registry.refresh({ lease: of, home, keyCandidate });
    if (answer === 'taken') throw new Error('taken');
    return answer;
  };

  it("gives each pod the others' leases and Redis's time", async () => {
    await refresh(lease('a'));
    await refresh(lease('b'));
    const { others, nowMs } = await refresh(lease('c'));
    expect(others.sort((x, y) => (x.podId < y.podId ? -1 : 1))).toEqual([lease('a'), lease('b')]);
    expect(Math.abs(nowMs - Date.now())).toBeLessThan(60_000);
  });

  it('forgets a pod that does not refresh, within 10 s', async () => {
    await refresh(lease('dead'));
    expect((await refresh(lease('a'))).others).toHaveLength(1);
    await eventually(async () => expect((await refresh(lease('a'))).others).toEqual([]), 20_000);
    expect(await client.redis.hexists(`${server.prefix}:pods`, 'dead')).toBe(0);
  }, 20_000);

  it('forgets at once a pod that leaves, but not its successor', async () => {
    await refresh(lease('a'));
    await refresh(lease('a', 'a-2'));
    await registry.leave(lease('a'));
    expect((await refresh(lease('b'))).others).toEqual([lease('a', 'a-2')]);
    await registry.leave(lease('a', 'a-2'));
    expect((await refresh(lease('b'))).others).toEqual([]);
  });

  it('refuses a second pod of the same id elsewhere, and takes a restart in the same place', async () => {
    await refresh(lease('a'), 'rack-1');
    expect(await registry.refresh({ lease: lease('a', 'copy'), home: 'rack-2', keyCandidate: undefined })).toBe('taken');
    await refresh(lease('a', 'a-2'), 'rack-1');
    expect((await refresh(lease('b'))).others).toEqual([lease('a', 'a-2')]);
  });

  it('lets another place have the id when the first is gone', async () => {
    await client.redis.hset(`${server.prefix}:pods`, 'a', `${Date.now() - LEASE_MS - 60_000} old rack-1 ${JSON.stringify(lease('a'))}`);
    await refresh(lease('a', 'a-2'), 'rack-2');
  });

  it('agrees on the first key that was offered', async () => {
    const keys = [await refresh(lease('a'), 'a', '11'.repeat(32)), await refresh(lease('b'), 'b', '22'.repeat(32))].map(({ key }) => key);
    expect(keys).toEqual(['11'.repeat(32), '11'.repeat(32)]);
    await client.redis.set(`${server.prefix}:pod-key`, '');
    expect((await refresh(lease('a'), 'a', '11'.repeat(32))).key).toBe('');
  });

  it('leaves out leases that make no sense', async () => {
    await client.redis.hset(`${server.prefix}:pods`, 'odd', `${Date.now()} boot home {"podId":"odd"}`, 'worse', 'nothing');
    expect((await refresh(lease('a'))).others).toEqual([]);
  });

  it('knows who has a package', async () => {
    const holders = new RedisPackageHolders({ redis: client.redis, prefix: server.prefix });
    const [first = '', second = ''] = ['a', 'b'].map((digit) => digit.repeat(64));
    await holders.add('one', [first, second]);
    await holders.add('two', [first]);
    await holders.remove('one', second);
    expect((await holders.of(first)).sort()).toEqual(['one', 'two']);
    expect(await holders.of(second)).toEqual([]);
  });
});
