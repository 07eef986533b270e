/** What the stages of `Server-Timing` mean to a person, in the order in which they happen. */
const STAGES: Record<string, string> = {
  route: 'request read and checked',
  wait: 'waited for a container',
  warmup: 'container made ready',
  init: 'code loaded',
  invoke: 'function ran',
  firstbyte: 'function ran to the first bytes of its answer',
};

/**
 * Lines for a person from a `Server-Timing` header such as `route;dur=0.1, warmup;dur=3.2;desc="first call"`.
 * @param start `warm` or `cold`
 */
export function describeTimings(serverTiming: string, start: string): string {
  const stages = serverTiming.split(',').flatMap((part) => {
    const [name = '', ...parameters] = part.trim().split(';');
    const of = (parameter: string): string | undefined =>
      parameters
        .map((each) => each.trim())
        .find((each) => each.startsWith(`${parameter}=`))
        ?.slice(parameter.length + 1)
        .replace(/^"|"$/g, '');
    const durationMs = Number(of('dur'));
    if (STAGES[name] === undefined || Number.isNaN(durationMs)) return [];
    const reason = of('desc');
    return [`  ${durationMs.toFixed(2).padStart(9)} ms  ${STAGES[name]}${reason === undefined ? '' : ` (${reason})`}`];
  });
  return [start === '' ? 'Timing:' : `Timing, ${start} start:`, ...stages].join('\n');
}
