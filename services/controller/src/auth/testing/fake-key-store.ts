import { ServiceError } from '@easyfaas/service-kit';
import { without } from '../../functions/without';
import type { KeyStore, StoredKey } from '../key-store';

/** For tests: keys in memory, which can go away like Redis. */
export class FakeKeyStore implements KeyStore {
  readonly keys = new Map<string, StoredKey>();
  admin: string | undefined;
  isAway = false;
  finds = 0;
  /** What happens at the last moment. */
  beforeReplace: () => void = () => undefined;
  readonly usedAt: Record<string, string> = {};
  readonly #revoked: ((keyId: string) => void)[] = [];
  readonly #gaps: (() => void)[] = [];

  async find(keyId: string): Promise<StoredKey | undefined> {
    this.finds += 1;
    this.#assertThere();
    return this.keys.get(keyId);
  }

  async add(key: StoredKey): Promise<boolean> {
    this.#assertThere();
    if (this.keys.has(key.keyId)) return false;
    this.keys.set(key.keyId, key);
    return true;
  }

  async list(): Promise<StoredKey[]> {
    this.#assertThere();
    return [...this.keys.values()];
  }

  async addSealed(keyId: string, sealed: string): Promise<void> {
    this.#assertThere();
    const key = this.keys.get(keyId);
    if (key !== undefined) this.keys.set(keyId, { ...key, sealed });
  }

  /** As a version that did not seal keys has left it. */
  unseal(keyId: string): void {
    const key = this.keys.get(keyId);
    if (key !== undefined) this.keys.set(keyId, without(key, 'sealed'));
  }

  async remove(keyId: string): Promise<boolean> {
    this.#assertThere();
    for (const listener of this.#revoked) listener(keyId);
    return this.keys.delete(keyId);
  }

  async replace(key: StoredKey, expectedSha256: string): Promise<boolean> {
    this.#assertThere();
    this.beforeReplace();
    if (this.keys.get(key.keyId)?.sha256 !== expectedSha256) return false;
    this.keys.set(key.keyId, key);
    for (const listener of this.#revoked) listener(key.keyId);
    return true;
  }

  async touch(keyId: string, usedAt: string): Promise<void> {
    this.#assertThere();
    this.usedAt[keyId] = usedAt;
  }

  async uses(): Promise<Record<string, string>> {
    this.#assertThere();
    return this.usedAt;
  }

  async adminKeyId(): Promise<string | undefined> {
    this.#assertThere();
    return this.admin;
  }

  async addAdmin(key: StoredKey): Promise<{ keyId: string }> {
    this.#assertThere();
    if (this.admin === undefined) {
      this.admin = key.keyId;
      this.keys.set(key.keyId, key);
    }
    return { keyId: this.admin };
  }

  async replaceAdmin(key: StoredKey): Promise<void> {
    this.#assertThere();
    if (this.admin !== undefined) await this.remove(this.admin);
    this.admin = key.keyId;
    this.keys.set(key.keyId, key);
  }

  onRevoked(listener: (keyId: string) => void): void {
    this.#revoked.push(listener);
  }

  onGap(listener: () => void): void {
    this.#gaps.push(listener);
  }

  gap(): void {
    for (const listener of this.#gaps) listener();
  }

  #assertThere(): void {
    if (this.isAway) throw new ServiceError('STORE_UNAVAILABLE', 'Redis does not answer.');
  }
}
