import { FakeClock } from '@easyfaas/service-kit';
import { randomBytes } from 'node:crypto';
import { KeyService } from './key-service';
import { SecretBox } from '../secrets/secret-box';
import { createKeySeal } from './key-seal';
import { FakeKeyStore } from './testing/fake-key-store';

const SEAL = createKeySeal(new SecretBox(Buffer.alloc(32, 7)));

describe('the key service', () => {
  let clock: FakeClock;
  let store: FakeKeyStore;
  let keys: KeyService;

  beforeEach(() => {
    clock = new FakeClock(Date.parse('2030-01-01T00:00:00Z'));
    store = new FakeKeyStore();
    keys = new KeyService({ store, clock, random: randomBytes, seal: SEAL });
  });

  it('keeps what limits a key and shows it, but no secret', async () => {
    const limits = { Functions: ['one', 'two-*'], ExpiresAt: '2030-02-01T01:00:00+01:00', RateLimit: { RequestsPerSecond: 5, Burst: 10 } };
    const { Key, ...made } = await keys.create({ AccountId: 'tenant', Scopes: ['function:invoke'], ...limits });
    expect(made).toMatchObject({ ...limits, ExpiresAt: '2030-02-01T00:00:00.000Z' });
    expect(await keys.list()).toEqual([made]);
    expect(await keys.read(made.KeyId)).toEqual(made);
    expect(JSON.stringify([...store.keys.values()])).not.toContain(Key.slice(-43));
  });

  it.each([
    [{ Scopes: ['root'] }, 'Scopes'],
    [{ Scopes: ['pool:read'] }, 'Scopes'],
    [{ Scopes: ['function:fly'] }, 'Scopes'],
    [{ Functions: ['one'] }, 'Functions'],
    [{ Scopes: ['invoke', 'admin'], Functions: ['one'] }, 'Functions'],
    [{ ExpiresAt: '2030-01-01T00:00:00Z' }, 'ExpiresAt'],
    [{ ExpiresAt: '2030-13-01T00:00:00Z' }, 'ExpiresAt'],
  ])('refuses %j and names the field', async (body, field) => {
    await expect(keys.create(body)).rejects.toMatchObject({ code: 'VALIDATION_FAILED', details: { field } });
  });

  it('gives a key a new secret and says until when the one before works', async () => {
    const made = await keys.create({ Scopes: ['invoke'], Functions: ['one'] });
    clock.advance(60_000);
    const rotated = await keys.rotate(made.KeyId, { GraceSeconds: 60 });
    expect(rotated.Key).not.toBe(made.Key);
    expect(rotated).toMatchObject({
      KeyId: made.KeyId,
      Functions: ['one'],
      RotatedAt: '2030-01-01T00:01:00.000Z',
      PreviousValidUntil: '2030-01-01T00:02:00.000Z',
    });
    expect(await keys.rotate(made.KeyId, { GraceSeconds: 0 })).not.toHaveProperty('PreviousValidUntil');
  });

  it('rotates no key that is unknown, expired, the admin key in its file, or rotated by another at that moment', async () => {
    await expect(keys.rotate('unknown1', {})).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    const { KeyId } = await keys.create({ Scopes: ['read'], ExpiresAt: '2030-01-01T00:00:10Z' });
    store.beforeReplace = () => void store.keys.delete(KeyId);
    await expect(keys.rotate(KeyId, {})).rejects.toMatchObject({ code: 'CONFLICT' });
    const expiring = await keys.create({ Scopes: ['read'], ExpiresAt: '2030-01-01T00:00:10Z' });
    clock.advance(10_000);
    await expect(keys.rotate(expiring.KeyId, {})).rejects.toThrow(/expired/);
    const admin = await keys.create({});
    store.admin = admin.KeyId;
    await expect(keys.rotate(admin.KeyId, {})).rejects.toThrow(/EASYFAAS_RESET_ADMIN_KEY/);
  });

  it('shows when a key was used', async () => {
    const { KeyId } = await keys.create({ Scopes: ['read'] });
    await store.touch(KeyId, '2030-01-01T00:00:30.000Z');
    expect(await keys.read(KeyId)).toMatchObject({ LastUsedAt: '2030-01-01T00:00:30.000Z' });
  });
});
