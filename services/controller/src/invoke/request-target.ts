export interface InvokeTarget {
  /** As it stands in the path: a name, a BRN, possibly percent-encoded. */
  functionId: string;
  /** `Qualifier` of the query, decoded; empty when absent. */
  qualifier: string;
}

const PREFIX = '/v1/functions/';
const SUFFIX = '/invocations';

/**
 * Reads `/v1/functions/{id}/invocations[?Qualifier=q]` without URL parsing.
 * @returns undefined for every other path: the API answers those
 */
export function parseInvokeTarget(url: string): InvokeTarget | undefined {
  if (!url.startsWith(PREFIX)) return undefined;
  const queryAt = url.indexOf('?', PREFIX.length);
  const pathEnd = queryAt < 0 ? url.length : queryAt;
  const idEnd = pathEnd - SUFFIX.length;
  if (idEnd <= PREFIX.length || !url.startsWith(SUFFIX, idEnd)) return undefined;
  const functionId = url.slice(PREFIX.length, idEnd);
  if (functionId.includes('/')) return undefined;
  return { functionId, qualifier: queryAt < 0 ? '' : qualifierOf(url.slice(queryAt + 1)) };
}

function qualifierOf(query: string): string {
  // Two of them are joined into what is no qualifier, so that the request is refused as the API refuses it.
  return new URLSearchParams(query).getAll('Qualifier').join();
}
