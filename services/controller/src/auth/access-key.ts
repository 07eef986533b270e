import { keyIdOf } from './key-format';

/*
 * A key in the two parts that clients of AWS want: the access key id is `easyfaas_<keyId>`, the secret access key is what
 * follows. So one key serves both ways, and either form can be made from the other.
 */

export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

const ACCESS_KEY_ID = /^easyfaas_([a-z0-9]{8})$/;

/** @returns undefined when it is no key */
export function accessKeyOf(credential: string): AccessKey | undefined {
  const keyId = keyIdOf(credential);
  if (keyId === undefined) return undefined;
  const accessKeyId = accessKeyIdOf(keyId);
  return { accessKeyId, secretAccessKey: credential.slice(accessKeyId.length + 1) };
}

export function accessKeyIdOf(keyId: string): string {
  return `easyfaas_${keyId}`;
}

/** The id of the key; undefined for what is no access key id of ours. */
export function keyIdOfAccessKey(accessKeyId: string): string | undefined {
  return ACCESS_KEY_ID.exec(accessKeyId)?.[1];
}
