import { createHash } from 'node:crypto';

/**
 * Name of the directory below `code/` that shows layers merged. Made from their hashes in their order: the same layers in the
 * same order are the same directory, whoever uses them.
 * @param sha256s of the layers' zips, at least one
 */
export function layerSetName(sha256s: readonly string[]): string {
  const [only] = sha256s;
  if (sha256s.length === 1 && only !== undefined) return only;
  return createHash('sha256')
    .update(`layers ${sha256s.join(' ')}`)
    .digest('hex');
}
