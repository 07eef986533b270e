import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { ServiceError, silentLogger } from '@easyfaas/service-kit';
import type { PodLease } from '@easyfaas/contracts/wire';
import { PackageCopies } from './package-copies';
import type { PodRequest } from './pod-client';

const SHA = 'a'.repeat(64);
const lease = (podId: string): PodLease => ({
  podId,
  bootId: podId,
  address: 'http://127.0.0.1:1',
  version: '1',
  startedAtMs: 0,
  isDraining: false,
  capacity: { containers: 0, containersMax: 1, cold: {}, freeSlots: 0, waiting: 0 },
});

interface Others {
  /** Packages by pod. */
  have?: Record<string, string[]>;
  /** Holders as Redis has them. */
  named?: string[];
  alive?: string[];
  isShared?: boolean;
  failing?: string[];
}

function copiesOf({ have = {}, named = [], alive = ['beta', 'gamma'], isShared = false, failing = [] }: Others, here: string[] = []) {
  const disk = new Set(here);
  const asked: string[] = [];
  const announced: string[] = [];
  const copies = new PackageCopies({
    podId: 'alpha',
    disk: {
      has: async (sha256) => disk.has(sha256),
      open: async () => undefined,
      put: async ({ bytes, sha256 }) => {
        let sizeBytes = 0;
        for await (const chunk of bytes) sizeBytes += chunk.length;
        disk.add(sha256 ?? SHA);
        return { sha256: sha256 ?? SHA, sizeBytes, unpackedBytes: sizeBytes };
      },
    },
    client: {
      send: async (pod: PodLease, { method }: PodRequest) => {
        asked.push(`${method} ${pod.podId}`);
        if (failing.includes(pod.podId)) throw new ServiceError('RUNTIME_LOST', 'lost');
        if (method === 'GET' && !(have[pod.podId] ?? []).includes(SHA)) throw new ServiceError('PACKAGE_MISSING', 'not here');
        return Readable.from([Buffer.from('zip')]) as IncomingMessage;
      },
    },
    membership: { others: alive.map(lease), candidates: () => alive.map((podId) => ({ lease: lease(podId), sent: 0 })) },
    holders: {
      add: async (podId, sha256s) => void announced.push(...sha256s.map((sha256) => `${podId} ${sha256.slice(0, 4)}`)),
      remove: async (podId, sha256) => void announced.push(`not ${podId} ${sha256.slice(0, 4)}`),
      of: async () => named,
    },
    isShared,
    logger: silentLogger(),
  });
  return { copies, disk, asked, announced };
}

const upload = (): { bytes: AsyncIterable<Uint8Array> } => ({ bytes: Readable.from([Buffer.from('zip')]) });

describe('a package that is not on this pod', () => {
  it('is fetched from a pod that is said to have it', async () => {
    const { copies, disk, asked, announced } = copiesOf({ have: { gamma: [SHA] }, named: ['gamma', 'dead'] });
    await copies.ensure(SHA);
    expect({ asked, isHere: disk.has(SHA), announced }).toEqual({ asked: ['GET gamma'], isHere: true, announced: ['alpha aaaa'] });
  });

  it('is asked for everywhere when nobody is said to have it', async () => {
    const { copies, asked } = copiesOf({ have: { gamma: [SHA] } });
    await copies.ensure(SHA);
    expect(asked).toEqual(['GET beta', 'GET gamma']);
  });

  it('is fetched from the next one when one fails', async () => {
    const { copies, asked } = copiesOf({ have: { beta: [SHA], gamma: [SHA] }, named: ['beta', 'gamma'], failing: ['beta'] });
    await copies.ensure(SHA);
    expect(asked).toEqual(['GET beta', 'GET gamma']);
  });

  it('is fetched once for all who want it at the same time', async () => {
    const { copies, asked } = copiesOf({ have: { beta: [SHA] }, named: ['beta'] });
    await Promise.all([copies.ensure(SHA), copies.ensure(SHA), copies.ensure(SHA)]);
    expect(asked).toEqual(['GET beta']);
  });

  it('is missing with the name of the pod that had it', async () => {
    const { copies } = copiesOf({ named: ['delta', 'alpha'] });
    await expect(copies.ensure(SHA)).rejects.toMatchObject({
      code: 'PACKAGE_MISSING',
      message: expect.stringContaining('it was last on delta, which does not answer') as string,
    });
    await expect(copiesOf({}).copies.ensure(SHA)).rejects.toThrow(/no pod that answers has it/);
  });

  it('is not asked for when it is here', async () => {
    const { copies, asked } = copiesOf({}, [SHA]);
    await copies.ensure(SHA);
    expect(asked).toEqual([]);
  });
});

describe('an upload', () => {
  it('is copied to one other pod before it is answered, whether that one has it or not', async () => {
    const { copies, asked } = copiesOf({ have: { beta: [SHA], gamma: [SHA] } });
    await copies.put(upload());
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^POST/);
  });

  it('goes to the next pod when one does not take it, and is good without any', async () => {
    const { copies, asked } = copiesOf({ failing: ['beta', 'gamma'] });
    expect((await copies.put(upload())).sha256).toBe(SHA);
    expect(asked.sort()).toEqual(['POST beta', 'POST gamma']);
    const { copies: alone, asked: nobody } = copiesOf({ alive: [] });
    await alone.put(upload());
    expect(nobody).toEqual([]);
  });

  it('is not copied where all see one directory', async () => {
    const { copies, asked } = copiesOf({ isShared: true });
    await copies.put(upload());
    expect(asked).toEqual([]);
  });
});

describe('healing', () => {
  it('copies what no other living pod is known to have', async () => {
    const lonely = copiesOf({ named: ['alpha', 'dead'] });
    await lonely.copies.heal([SHA]);
    expect(lonely.asked).toHaveLength(1);
    const held = copiesOf({ named: ['alpha', 'beta'] });
    await held.copies.heal([SHA]);
    expect(held.asked).toEqual([]);
  });

  it('forgets what was removed here', async () => {
    const { copies, announced } = copiesOf({});
    await copies.forget(SHA);
    expect(announced).toEqual(['not alpha aaaa']);
  });
});
