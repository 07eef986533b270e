import type { Call } from './call';

/** `0.123`: three decimals, as cheap as it gets. */
export function milliseconds(ms: number): string {
  const micros = Math.round(ms * 1000);
  if (micros <= 0) return '0.000';
  const whole = Math.floor(micros / 1000);
  const rest = micros - whole * 1000;
  return `${whole}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`;
}

/** The stages of a call, as https://www.w3.org/TR/server-timing/ writes them. */
export function serverTiming(call: Call): string {
  const { waitingMs, routeMs } = call;
  const last = lastStage(call);
  if (call.start !== 'cold') {
    if (call.start === undefined) return `route;dur=${milliseconds(routeMs)}, wait;dur=${milliseconds(waitingMs)}`;
    return `route;dur=${milliseconds(routeMs)}, wait;dur=${milliseconds(waitingMs)}, ${last}`;
  }
  const warmUp = `warmup;dur=${milliseconds(call.warmUpMs ?? 0)};desc="${call.coldReason ?? 'first call'}"`;
  const init = call.initMs === undefined ? '' : `, init;dur=${milliseconds(call.initMs)}`;
  return `route;dur=${milliseconds(routeMs)}, wait;dur=${milliseconds(waitingMs)}, ${warmUp}${init}, ${last}`;
}

/** Of a streamed answer the headers leave before the function has ended. */
function lastStage({ answer, sentAtMs, initMs, invokeMs }: Call): string {
  if (answer?.firstByteAtMs === undefined) return `invoke;dur=${milliseconds(invokeMs)}`;
  return `firstbyte;dur=${milliseconds(answer.firstByteAtMs - sentAtMs - (initMs ?? 0))}`;
}
