import { type FunctionLane, newLane } from './function-lane';

/** Lanes that were not used for so long are forgotten, ms. */
const FORGET_MS = 60_000;

/** The functions of whose events this pod knows. */
export class FunctionLanes {
  readonly #lanes = new Map<string, FunctionLane>();

  all(): IterableIterator<FunctionLane> {
    return this.#lanes.values();
  }

  find(accountId: string, functionName: string): FunctionLane | undefined {
    return this.#lanes.get(laneKey(accountId, functionName));
  }

  /** @param nowMs monotonic */
  of(accountId: string, functionName: string, nowMs: number): FunctionLane {
    const key = laneKey(accountId, functionName);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = newLane(accountId, functionName, nowMs);
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  forget(accountId: string, functionName: string): void {
    this.#lanes.delete(laneKey(accountId, functionName));
  }

  /** @param nowMs monotonic */
  forgetIdle(nowMs: number): void {
    for (const [key, lane] of this.#lanes) {
      if (lane.isEmpty && lane.running === 0 && lane.nextDueMs === undefined && nowMs - lane.lastTakenMs > FORGET_MS)
        this.#lanes.delete(key);
    }
  }

  /** How long until something is due or a pause is over, at most `delayMs`. @param nowMs monotonic; @param wallMs since the epoch */
  untilDueMs(delayMs: number, wallMs: number, nowMs: number): number {
    let untilMs = delayMs;
    for (const lane of this.#lanes.values()) {
      if (lane.nextDueMs !== undefined) untilMs = Math.min(untilMs, Math.max(1, lane.nextDueMs - wallMs));
      if (lane.pausedUntilMs > nowMs) untilMs = Math.min(untilMs, Math.max(1, lane.pausedUntilMs - nowMs));
    }
    return untilMs;
  }
}

const laneKey = (accountId: string, functionName: string): string => `${accountId}.${functionName}`;
