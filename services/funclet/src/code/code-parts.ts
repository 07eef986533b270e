import { createHash } from 'node:crypto';

/** Packages laid over each other, the first one lowest, and the directory below `code/` that shows them. */
export interface CodePart {
  name: string;
  parts: readonly string[];
}

export interface CodeParts {
  task: CodePart;
  /** undefined without layers. */
  layers: CodePart | undefined;
}

/** What a function version's container is shown. */
export function codeParts(wish: { accountId: string; codeSha256: string; layerSha256s?: readonly string[] | undefined }): CodeParts {
  const { accountId, codeSha256, layerSha256s = [] } = wish;
  const part = (parts: readonly string[]): CodePart => ({ name: codeName(accountId, parts), parts });
  return { task: part([codeSha256]), layers: layerSha256s.length === 0 ? undefined : part(layerSha256s) };
}

/**
 * The same packages in the same order are the same directory for all functions of an account, and another one for another account:
 * how fast code is there, or which of its pages are in memory, tells nobody what others have.
 */
export function codeName(accountId: string, sha256s: readonly string[]): string {
  return createHash('sha256')
    .update(`${accountId}\n${sha256s.join(' ')}`)
    .digest('hex');
}
