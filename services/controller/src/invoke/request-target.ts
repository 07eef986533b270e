import type { ResolvedFunction } from '../functions/function-name';

export type InvokeDialectName = 'native' | 'lambda' | 'lambda-stream';

export interface InvokeTarget {
  dialect: InvokeDialectName;
  /** As it stands in the path: a name, a BRN, possibly percent-encoded. */
  functionId: string;
  /** `Qualifier` of the query, decoded; empty when absent. */
  qualifier: string;
  /** What it means, once it was understood. */
  resolved?: ResolvedFunction;
}

const NATIVE = '/v1/functions/';
const LAMBDA = '/2015-03-31/functions/';
const SUFFIX = '/invocations';
const LAMBDA_STREAM = '/2021-11-15/functions/';
const STREAM_SUFFIX = '/response-streaming-invocations';

/**
 * Reads `/v1/functions/{id}/invocations[?Qualifier=q]`, or what AWS Lambda's API has of it, without URL parsing.
 * @returns undefined for every other path: the API answers those
 */
export function parseInvokeTarget(url: string): InvokeTarget | undefined {
  if (url.startsWith(NATIVE)) return parseBehind(url, NATIVE.length, 'native');
  if (url.startsWith(LAMBDA)) return parseBehind(url, LAMBDA.length, 'lambda');
  if (url.startsWith(LAMBDA_STREAM)) return parseBehind(url, LAMBDA_STREAM.length, 'lambda-stream', STREAM_SUFFIX);
  return undefined;
}

function parseBehind(url: string, idStart: number, dialect: InvokeDialectName, suffix = SUFFIX): InvokeTarget | undefined {
  const queryAt = url.indexOf('?', idStart);
  const pathEnd = queryAt < 0 ? url.length : queryAt;
  const idEnd = pathEnd - suffix.length;
  if (idEnd <= idStart || !url.startsWith(suffix, idEnd)) return undefined;
  const functionId = url.slice(idStart, idEnd);
  if (functionId.includes('/')) return undefined;
  return { dialect, functionId, qualifier: queryAt < 0 ? '' : qualifierOf(url.slice(queryAt + 1)) };
}

function qualifierOf(query: string): string {
  // Two of them are joined into what is no qualifier, so that the request is refused as the API refuses it.
  return new URLSearchParams(query).getAll('Qualifier').join();
}
