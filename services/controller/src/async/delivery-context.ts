/** What the platform tells a function about the event that it is called with. */
export interface EventFacts {
  /** The same in every try. */
  invocationId: string;
  /** From 1. */
  attempt: number;
  source: string;
  /** The invocation that this one repeats. */
  replayOf?: string;
  /** To be sent along as `X-Easyfaas-Depth` by a function that calls others over HTTP. */
  depth: string;
}

/**
 * The client context with the platform's facts under `custom.easyfaas`, where the clients of every language show them. What
 * a caller put there is replaced: it would be a lie.
 * @param clientContext JSON text of the caller
 */
export function withFacts(clientContext: string | undefined, facts: Partial<EventFacts>): string {
  const given: unknown = clientContext === undefined ? {} : JSON.parse(clientContext);
  const context = isObject(given) ? given : { client: given };
  const custom = isObject(context['custom']) ? context['custom'] : {};
  return JSON.stringify({ ...context, custom: { ...custom, easyfaas: facts } });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
