import { FakeClock } from '@easyfaas/service-kit';
import { FunctionUpdates } from './function-updates';
import { hasTag, parseTagFilter } from './tag-rules';
import { TagService } from './tag-service';
import { FakeFunctionStore, storedFunction } from './testing/fake-function-store';

const KEY = { accountId: 'default', functionName: 'f' };

describe('tags', () => {
  let store: FakeFunctionStore;
  let tags: TagService;

  beforeEach(async () => {
    store = new FakeFunctionStore();
    let revision = 1;
    const clock = new FakeClock();
    const settlements = { start: () => undefined };
    tags = new TagService({ updates: new FunctionUpdates({ store, clock, newRevisionId: () => `revision-${++revision}`, settlements }) });
    await store.create(storedFunction('f', { Tags: { team: 'a' }, CommitId: 'x' }));
  });

  const current = async (): Promise<Record<string, string> | undefined> => (await store.get('default', 'f'))?.configuration.Tags;

  it('are added, given other values, taken away and replaced', async () => {
    await tags.add(KEY, { stage: 'test', 'cost centre': '12' });
    await tags.add(KEY, { stage: 'live' });
    expect(await current()).toEqual({ team: 'a', stage: 'live', 'cost centre': '12' });
    await tags.remove(KEY, ['stage', 'not there']);
    expect(await current()).toEqual({ team: 'a', 'cost centre': '12' });
    await tags.replace(KEY, {});
    expect(await current()).toEqual({});
  });

  it('change no container', async () => {
    const before = await tags.add(KEY, { a: 'b' });
    const after = await tags.add(KEY, { a: 'c' });
    expect(after.configuration.CommitId).toBe(before.configuration.CommitId);
    expect(after.configuration.RevisionId).not.toBe(before.configuration.RevisionId);
  });

  it('are changed only at the expected revision', async () => {
    await expect(tags.add(KEY, { a: 'b' }, 'revision-0')).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(tags.add({ ...KEY, functionName: 'g' }, {})).rejects.toMatchObject({ code: 'FUNCTION_NOT_FOUND' });
  });

  it.each([
    ['a key without characters', { '': 'x' }, '1 to 128'],
    ['a long key', { ['k'.repeat(129)]: '' }, '1 to 128'],
    ['a long value', { k: 'v'.repeat(257) }, '256'],
    ['a control character', { 'a\nb': '' }, 'not allowed'],
    ['a reserved key', { 'aws:x': '' }, 'reserved'],
  ])('refuse %s', async (_, wanted, words) => {
    await expect(tags.add(KEY, wanted)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      message: expect.stringContaining(words) as unknown,
    });
    expect(await current()).toEqual({ team: 'a' });
  });

  it('are 50 at most, together with those that are there', async () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, '']));
    await expect(tags.add(KEY, many)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      message: expect.stringContaining('51') as unknown,
    });
    await tags.replace(KEY, many);
  });

  it('narrow a list by key, or by key and value', () => {
    expect(hasTag({ team: 'a=b' }, parseTagFilter('team'))).toBe(true);
    expect(hasTag({ team: 'a=b' }, parseTagFilter('team=a=b'))).toBe(true);
    expect(hasTag({ team: 'a' }, parseTagFilter('team='))).toBe(false);
    expect(hasTag({ team: '' }, parseTagFilter('team='))).toBe(true);
    expect(hasTag({}, parseTagFilter('toString'))).toBe(false);
    expect(() => parseTagFilter('=x')).toThrow('1 to 128');
  });
});
