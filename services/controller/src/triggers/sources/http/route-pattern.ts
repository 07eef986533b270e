import { match } from 'path-to-regexp';
import { invalidField } from '../../../invalid-field';

export interface RoutePattern {
  /** @returns the parameters, or undefined when the path does not match */
  match: (path: string) => Record<string, string> | undefined;
  /** Sorts before patterns that match more. */
  rank: string;
}

const SEGMENT = /^(?:[\w.~%@!$&'+,;=-]+|:[A-Za-z_]\w{0,63})$/;
const WILDCARD = /^\*[A-Za-z_]\w{0,63}$/;
const SEGMENTS_MAX = 16;

/**
 * Compiles a path pattern: literal segments, `:name`, and `*rest` at the end; `{name}` and `{rest+}` as API Gateway writes them,
 * too. Nothing else of the library's syntax: within these bounds a match takes time in proportion to the path.
 * @throws ServiceError VALIDATION_FAILED
 */
export function compileRoute(path: string): RoutePattern {
  const pattern = path.replaceAll(/(?<=\/)\{(\w+)\+\}$/g, '*$1').replaceAll(/(?<=\/)\{(\w+)\}(?=\/|$)/g, ':$1');
  const segments = pattern === '/' ? [] : pattern.slice(1).split('/');
  const isKnown = segments.every((segment, at) => SEGMENT.test(segment) || (at === segments.length - 1 && WILDCARD.test(segment)));
  if (!isKnown || segments.length > SEGMENTS_MAX || !pattern.startsWith('/')) {
    const takes = 'segments of plain characters, :name, and *rest as the last one, at most 16';
    throw invalidField(
      'Configuration.Path',
      `Path "${path.slice(0, 100)}" is no pattern: it has ${takes}, such as /orders/:id or /files/*path.`,
    );
  }
  const test = compile(pattern, path);
  return {
    match: test,
    rank:
      segments.map((segment) => (segment.startsWith('*') ? '2' : segment.startsWith(':') ? '1' : '0')).join('') +
      '0'.repeat(SEGMENTS_MAX - segments.length),
  };
}

function compile(pattern: string, path: string): RoutePattern['match'] {
  try {
    const test = match<Record<string, string | string[]>>(pattern, { sensitive: true, trailing: true });
    return (target) => {
      const found = test(target);
      if (found === false) return undefined;
      return Object.fromEntries(
        Object.entries(found.params).map(([name, value]) => [name, Array.isArray(value) ? value.join('/') : value]),
      );
    };
  } catch (cause) {
    throw invalidField(
      'Configuration.Path',
      `Path "${path.slice(0, 100)}" is no pattern: ${cause instanceof Error ? cause.message.slice(0, 100) : ''}`,
    );
  }
}
