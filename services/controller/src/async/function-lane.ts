/** What one pod knows about the events of one function. */
export interface FunctionLane {
  readonly accountId: string;
  readonly functionName: string;
  /** Events being taken or run here. */
  running: number;
  /** Commands that ask for its events now. */
  asking: number;
  /** How many may be, found out by trying: grows by success, halves when the platform has no room. */
  limit: number;
  /** Monotonic, ms: nothing is taken before. */
  pausedUntilMs: number;
  /** Nothing is due, as far as is known. */
  isEmpty: boolean;
  /** Milliseconds since the epoch, of the next delayed one. */
  nextDueMs: number | undefined;
  /** Grows with each notice of new events: an answer that was asked for before says nothing about them. */
  notices: number;
  /** Order of the last taking. */
  servedAt: number;
  /** Monotonic, ms. */
  lastTakenMs: number;
}

/** Commands that ask for a function's events at once; what there is room for meanwhile is asked for together, when one has been answered. */
const ASKING_MAX = 2;

export interface Room {
  running: number;
  /** Events that this pod may run at once. */
  capacity: number;
  /** On top of it, only for functions that have none running: so that a slow one never holds up all others. */
  reserve: number;
  nowMs: number;
  wallMs: number;
}

export function newLane(accountId: string, functionName: string, nowMs: number): FunctionLane {
  return {
    accountId,
    functionName,
    running: 0,
    asking: 0,
    limit: 2,
    pausedUntilMs: 0,
    isEmpty: false,
    nextDueMs: undefined,
    notices: 0,
    servedAt: 0,
    lastTakenMs: nowMs,
  };
}

/**
 * Whose event is to be run next: of the functions that may run one more, the one that runs fewest here, then the one that was
 * served longest ago. How many events wait does not matter.
 */
export function pickLane(lanes: Iterable<FunctionLane>, room: Room): FunctionLane | undefined {
  let best: FunctionLane | undefined;
  for (const lane of lanes) {
    if (!isReady(lane, room)) continue;
    if (best === undefined || lane.running < best.running || (lane.running === best.running && lane.servedAt < best.servedAt)) best = lane;
  }
  return best;
}

/**
 * Gives out all the room there is, an event at a time, to whoever is next.
 * @param hasRoom whether a function's call would find a container soon; asked before each event
 * @param take notes that one event more is taken of a lane, in the lane and in `room`
 * @returns how many of each, and whether a function whose turn it was has to wait for a container
 */
export function shareRoom(
  all: Iterable<FunctionLane>,
  room: Room,
  hasRoom: (lane: FunctionLane) => boolean,
  take: (lane: FunctionLane) => void,
): { counts: Map<FunctionLane, number>; isShort: boolean } {
  const lanes = new Set(all);
  const counts = new Map<FunctionLane, number>();
  let isShort = false;
  for (;;) {
    const lane = pickLane(lanes, room);
    if (lane === undefined) return { counts, isShort };
    if (hasRoom(lane)) {
      take(lane);
      counts.set(lane, (counts.get(lane) ?? 0) + 1);
    } else {
      lanes.delete(lane);
      isShort = true;
    }
  }
}

function isReady(lane: FunctionLane, { running, capacity, reserve, nowMs, wallMs }: Room): boolean {
  if (lane.running >= lane.limit || lane.asking >= ASKING_MAX || lane.pausedUntilMs > nowMs) return false;
  if (running >= (lane.running === 0 ? capacity + reserve : capacity)) return false;
  return !lane.isEmpty || (lane.nextDueMs !== undefined && lane.nextDueMs <= wallMs);
}

/** There may be something to do. */
export function noteNews(lane: FunctionLane): void {
  lane.notices++;
  lane.isEmpty = false;
}

/** An event is to be run again. @param dueMs milliseconds since the epoch */
export function noteDue(lane: FunctionLane, dueMs: number): void {
  lane.notices++;
  lane.nextDueMs = Math.min(lane.nextDueMs ?? Infinity, dueMs);
}

/** Nothing is due, which was asked for when there were so many notices. @param nextDueMs milliseconds since the epoch */
export function noteEmpty(lane: FunctionLane, notices: number, nextDueMs: number | undefined): void {
  if (lane.notices !== notices) return;
  // What became due meanwhile was put in front of the others by the same command.
  lane.isEmpty = true;
  lane.nextDueMs = nextDueMs;
}

/** An event was run. @param limitMax how far the limit may grow */
export function noteRoom(lane: FunctionLane, limitMax: number): void {
  if (lane.limit < limitMax) lane.limit = Math.min(limitMax, lane.limit + (lane.limit < 8 ? 1 : 0.25));
}

/** The platform had no room for an event: fewer at once, and none for a while. */
export function noteShortage(lane: FunctionLane, nowMs: number, pauseMs: number): void {
  lane.limit = Math.max(1, Math.floor(lane.limit / 2));
  lane.pausedUntilMs = Math.max(lane.pausedUntilMs, nowMs + pauseMs);
}
