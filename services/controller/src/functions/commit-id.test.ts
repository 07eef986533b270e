import type { FunctionConfiguration, StoredLayerUse } from '@easyfaas/contracts/wire';
import { commitOf, withSecrets } from './commit-id';
import { storedFunction } from './testing/fake-function-store';

const parts = (more: Partial<FunctionConfiguration> = {}) =>
  storedFunction('f', { Environment: { Variables: { A: '1', B: '2' } }, ...more });
const layer = (sha256: string): StoredLayerUse => ({ arn: 'x', sha256, sizeBytes: 1, unpackedBytes: 1 });
const secret = (sealed: string) => ({ sealed, bytes: 1, lastModified: '' });

describe('the commit', () => {
  const { commitId } = commitOf(parts());

  it('is the same for the same code and configuration, in whatever order', () => {
    expect(commitOf(parts({ Environment: { Variables: { B: '2', A: '1' } } })).commitId).toBe(commitId);
    expect(commitOf(parts({ Description: 'other', Tags: { a: 'b' } })).commitId).toBe(commitId);
    expect(commitOf(parts({ EphemeralStorage: { Size: 64 } })).commitId).toBe(commitId);
  });

  it.each<Partial<FunctionConfiguration>>([
    { Timeout: 4 },
    { MemorySize: 129 },
    { Handler: 'index.other' },
    { PodConcurrentQuota: 2 },
    { NetworkMode: 'egress' },
    { EphemeralStorage: { Size: 128 } },
    { Environment: { Variables: { A: '1' } } },
  ])('differs with %j', (change) => {
    expect(commitOf(parts(change)).commitId).not.toBe(commitId);
  });

  it('differs with the code, with each layer and with their order', () => {
    const commits = [
      commitOf({ ...parts(), code: { sha256: 'other', sizeBytes: 1 } }),
      commitOf({ ...parts(), layers: [layer('a')] }),
      commitOf({ ...parts(), layers: [layer('a'), layer('b')] }),
      commitOf({ ...parts(), layers: [layer('b'), layer('a')] }),
    ].map((each) => each.commitId);
    expect(new Set([...commits, commitId]).size).toBe(5);
    expect(commitOf({ ...parts(), layers: [] }).commitId).toBe(commitId);
  });

  it('differs with each secret and its value, and keeps the one without them', () => {
    const one = commitOf({ ...parts(), secrets: { A: secret('x') } });
    const other = commitOf({ ...parts(), secrets: { A: secret('y') } });
    expect(new Set([one.commitId, other.commitId, commitId]).size).toBe(3);
    expect([one.baseCommitId, other.baseCommitId]).toEqual([commitId, commitId]);
    expect(commitOf({ ...parts(), secrets: {} })).toEqual({ commitId });
    expect(withSecrets(commitId, { A: secret('x') })).toBe(one.commitId);
  });
});
