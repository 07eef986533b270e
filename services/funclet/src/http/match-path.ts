export interface MatchedPath {
  /** Path with its variable part as `{id}`. */
  pattern: string;
  id: string;
}

const CONTAINER = /^\/v1\/containers\/([0-9a-f]{12})(\/[a-z-]+)?$/;
const CODE = /^\/v1\/code\/([0-9a-f]{64})(\/[a-z-]+)$/;

/** Splits a path into the pattern of its route and the id in it. A path with a malformed id matches no route. */
export function matchPath(path: string): MatchedPath {
  const container = CONTAINER.exec(path);
  if (container?.[1] !== undefined) return { pattern: `/v1/containers/{id}${container[2] ?? ''}`, id: container[1] };
  const code = CODE.exec(path);
  if (code?.[1] !== undefined && code[2] !== undefined) return { pattern: `/v1/code/{id}${code[2]}`, id: code[1] };
  return { pattern: path, id: '' };
}
