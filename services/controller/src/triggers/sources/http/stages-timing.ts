import type { InvocationStages } from '@easyfaas/contracts/wire';

/** `Server-Timing` of a call: its stages, ms. */
export function stagesTiming({ waitMs, warmupMs, initMs, invokeMs, totalMs }: InvocationStages): string {
  const stages: [string, number | undefined][] = [
    ['wait', waitMs],
    ['warmup', warmupMs],
    ['init', initMs],
    ['invoke', invokeMs],
    ['total', totalMs],
  ];
  return stages.flatMap(([name, ms]) => (ms === undefined ? [] : `${name};dur=${Math.round(ms * 1000) / 1000}`)).join(', ');
}
