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
  if (call.start !== 'cold') {
    if (call.start === undefined) return `route;dur=${milliseconds(routeMs)}, wait;dur=${milliseconds(waitingMs)}`;
    return `route;dur=${milliseconds(routeMs)}, wait;dur=${milliseconds(waitingMs)}, invoke;dur=${milliseconds(call.invokeMs)}`;
  }
  const warmUp = `warmup;dur=${milliseconds(call.warmUpMs ?? 0)};desc="${call.coldReason ?? 'first call'}"`;
  const init = call.initMs === undefined ? '' : `, init;dur=${milliseconds(call.initMs)}`;
  return `route;dur=${milliseconds(routeMs)}, wait;dur=${milliseconds(waitingMs)}, ${warmUp}${init}, invoke;dur=${milliseconds(call.invokeMs)}`;
}
