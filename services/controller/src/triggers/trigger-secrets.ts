import type { StoredTrigger } from '@easyfaas/contracts/wire';
import type { SecretBox } from '../secrets/secret-box';

const placeOf = (accountId: string, triggerId: string, name: string): string => `trigger/${accountId}/${triggerId}/${name}`;

/** What a trigger's sealed secrets become with a change: `null` removes one. */
export function sealSecrets(
  box: SecretBox,
  { accountId, triggerId }: { accountId: string; triggerId: string },
  before: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string | null>> = {},
): Record<string, string> {
  const sealed = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(change)) {
    if (value === null) sealed.delete(name);
    else sealed.set(name, box.seal(value, placeOf(accountId, triggerId, name)));
  }
  return Object.fromEntries(sealed);
}

/** @throws ServiceError SECRET_UNREADABLE */
export function openSecrets(box: SecretBox, { accountId, triggerId, secrets }: StoredTrigger): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, sealed]) => [name, box.open(sealed, placeOf(accountId, triggerId, name))]));
}
