import { getHeapSpaceStatistics } from 'node:v8';
import type { Clock } from './clock';

/** What the process has to say of itself. */
export interface ProcessFigures {
  /** Processor time used since the start, ms. */
  processorMs(): number;
  /** Resident memory of V8's space for new objects, bytes. */
  youngSpaceBytes(): number;
  /** Collects new objects that are not in use. */
  collectYoung(): void;
}

/** Between two looks, ms; V8 itself judges whether allocation is slow by its last 5 s. */
const LOOK_MS = 5000;
/** Busier than this the space is in use. */
const IDLE_SHARE = 0.1;
const SPARE_BYTES = 4 * 1024 * 1024;

/** @param busyShare of one processor, since the last look */
export function isSpare({ busyShare, youngSpaceBytes }: { busyShare: number; youngSpaceBytes: number }): boolean {
  return busyShare < IDLE_SHARE && youngSpaceBytes > SPARE_BYTES;
}

/**
 * V8's space for new objects grows with the load and shrinks at a collection that finds little being allocated; but collections are
 * made when it is full, which an idle service takes hours for. So an idle one makes one, of the new objects only: some ms.
 * @returns stops it
 */
export function giveBackSpareMemory(clock: Clock, figures: ProcessFigures): () => void {
  let lookedAtMs = clock.monotonicMs();
  let processorMs = figures.processorMs();
  const look = (): void => {
    cancel = clock.after(LOOK_MS, look);
    const nowMs = clock.monotonicMs();
    const usedMs = figures.processorMs();
    const busyShare = (usedMs - processorMs) / (nowMs - lookedAtMs);
    lookedAtMs = nowMs;
    processorMs = usedMs;
    if (isSpare({ busyShare, youngSpaceBytes: figures.youngSpaceBytes() })) figures.collectYoung();
  };
  let cancel = clock.after(LOOK_MS, look);
  return () => cancel();
}

/** @returns undefined when Node was started without `--expose-gc` */
export function processFigures(): ProcessFigures | undefined {
  const collect = globalThis.gc;
  if (collect === undefined) return undefined;
  return {
    processorMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    youngSpaceBytes: () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.physical_space_size ?? 0,
    collectYoung: () => collect({ type: 'minor' }),
  };
}
