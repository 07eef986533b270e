/** The parts of a target such as `/http/acme/orders/5?x=1`. */
export interface WebPath {
  accountId: string;
  /** Behind the account; empty or begins with /. */
  rest: string;
  /** Without the question mark. */
  query: string;
}

/** @returns undefined when there is no account in it */
export function parseWebPath(target: string): WebPath | undefined {
  const queryAt = target.indexOf('?');
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  const match = /^\/[a-z]+\/([a-z0-9][a-z0-9-]{0,63})(\/.*)?$/.exec(path);
  if (match?.[1] === undefined) return undefined;
  return { accountId: match[1], rest: match[2] ?? '', query: queryAt === -1 ? '' : target.slice(queryAt + 1) };
}
