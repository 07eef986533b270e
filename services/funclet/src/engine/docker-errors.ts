import { EngineError, type EngineErrorKind } from './engine-error';

/** Docker's status codes, translated here and nowhere else. */
const KIND_BY_STATUS: ReadonlyMap<number, EngineErrorKind> = new Map([
  [304, 'conflict'],
  [400, 'refused'],
  [404, 'notFound'],
  [406, 'refused'],
  [409, 'conflict'],
]);

/** @param what names the call, such as `docker create` */
export function translateDockerError(what: string, thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const status = member(thrown, 'statusCode');
  const words = wordsOf(thrown);
  if (typeof status === 'number') {
    const kind = KIND_BY_STATUS.get(status) ?? 'unavailable';
    return new EngineError(kind, `${what} was answered ${status}: ${explain(words)}`, { cause: thrown });
  }
  return new EngineError('unavailable', `${what} failed: ${words}`, { cause: thrown });
}

/** Docker's messages that mean a wrong set-up, with the way out. */
function explain(words: string): string {
  if (words.includes('bind source path does not exist')) {
    return `${words}. EASYFAAS_DATA_DIR must have the same path on the host and in the funclet's container.`;
  }
  if (words.includes('is not a shared or slave mount')) {
    return `${words}. The data directory must be a shared mount on the host, or set EASYFAAS_MOUNT_MODE=hardlink.`;
  }
  return words;
}

/** dockerode gives `{json: {message}}` for what Docker said, else a system error. */
function wordsOf(thrown: unknown): string {
  const said = member(member(thrown, 'json'), 'message');
  if (typeof said === 'string') return said;
  const message = member(thrown, 'message');
  return typeof message === 'string' && message !== '' ? message : 'no reason given';
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
