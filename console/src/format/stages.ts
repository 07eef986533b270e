/** One part of a call's time. */
export interface Stage {
  name: string;
  ms: number;
  /** Why, such as the reason of a cold start. */
  reason?: string;
}

/** `Server-Timing` as the controller writes it (https://www.w3.org/TR/server-timing/); what has no duration is left out. */
export function parseServerTiming(header: string | null): Stage[] {
  if (header === null) return [];
  return [...header.matchAll(/([\w-]+)((?:;\w+=(?:"[^"]*"|[^;,]*))*)/g)].flatMap(([, name = '', parameters = '']) => {
    const ms = Number(/;dur=([\d.]+)/.exec(parameters)?.[1] ?? NaN);
    const reason = /;desc="([^"]*)"/.exec(parameters)?.[1];
    return Number.isNaN(ms) ? [] : [{ name, ms, ...(reason === undefined ? {} : { reason }) }];
  });
}

/** Of a record. The rest is what the platform took besides. */
export function stagesOf(stages: Readonly<Record<string, number | undefined>>): Stage[] {
  const named = ['wait', 'warmup', 'init', 'invoke'].flatMap((name) => {
    const ms = stages[`${name}Ms`];
    return ms === undefined ? [] : [{ name, ms }];
  });
  const restMs = (stages['totalMs'] ?? 0) - named.reduce((sum, { ms }) => sum + ms, 0);
  return restMs > 0 ? [...named, { name: 'rest', ms: restMs }] : named;
}

/** Shares of the whole in percent, in order. */
export function shares(stages: readonly Stage[]): number[] {
  const total = stages.reduce((sum, { ms }) => sum + ms, 0);
  return stages.map(({ ms }) => (total === 0 ? 0 : (ms / total) * 100));
}
