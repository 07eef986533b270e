import { createHash } from 'node:crypto';
import type { SourceTrigger } from '../../source';

/** What a function gets of a tick: `Input` if there is one, else an event shaped like those of AWS's scheduler. The same for the same tick. */
export function cronPayload(trigger: Pick<SourceTrigger, 'triggerId' | 'accountId'>, input: unknown, tickMs: number): Buffer {
  const event = {
    version: '0',
    id: `${trigger.triggerId}-${tickMs}`,
    'detail-type': 'Scheduled Event',
    source: 'easyfaas.cron',
    account: trigger.accountId,
    time: new Date(tickMs).toISOString().replace('.000Z', 'Z'),
    resources: [trigger.triggerId],
    detail: {},
  };
  return Buffer.from(JSON.stringify(input ?? event));
}

/** How much later than its tick a run begins, ms: the same for the same tick on every pod. */
export function jitterMs(triggerId: string, tickMs: number, jitterSeconds: number): number {
  if (jitterSeconds === 0) return 0;
  return createHash('sha256').update(`${triggerId}@${tickMs}`).digest().readUInt32BE(0) % (jitterSeconds * 1000 + 1);
}
