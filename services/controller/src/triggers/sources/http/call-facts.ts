import type { InvocationStages } from '@easyfaas/contracts/wire';
import type { InvocationFacts } from '../../../invoke/invoker';

/** `Server-Timing` of a call: its stages, ms. */
function stagesTiming({ waitMs, warmupMs, initMs, invokeMs, totalMs }: InvocationStages): string {
  const stages: [string, number | undefined][] = [
    ['wait', waitMs],
    ['warmup', warmupMs],
    ['init', initMs],
    ['invoke', invokeMs],
    ['total', totalMs],
  ];
  return stages.flatMap(([name, ms]) => (ms === undefined ? [] : `${name};dur=${Math.round(ms * 1000) / 1000}`)).join(', ');
}

/** Headers that tell of a call: name, value. */
export function callFacts({ stages, traceparent }: InvocationFacts): string[] {
  return ['Server-Timing', stagesTiming(stages), ...(traceparent === undefined ? [] : ['Traceparent', traceparent])];
}
