import { type RoomCandidate, type RoomClaim, containerUsage, makeRoom } from './make-room';
import { serveFairly } from './serve-fairly';

/** Length of one turn of the simulation, ms. */
const STEP_MS = 50;
/** Making a container takes this long, ms. */
const MAKING_MS = 500;
/** Callers are made to wait this long, as EASYFAAS_WAIT_S says, ms. */
const WAIT_MS = 9000;

interface Load {
  accountId: string;
  functionName: string;
  callMs: number;
  /** Calls that keep coming: so many wait or run all the time. */
  clients: number;
}

interface Container {
  containerId: string;
  state: 'making' | 'cold' | 'warm' | 'draining';
  sinceMs: number;
  owner?: Load;
  heldSinceMs: number;
  lastUsedMs: number;
  /** Of the call in it; undefined when it is idle. */
  endsAtMs: number | undefined;
}

interface Tally {
  done: number;
  /** Longest wait of a call that was served, or still waits. */
  longestWaitMs: number;
  cold: number;
}

/** A pool of one kind of containers under constant load; decisions by the real policy, everything else as simple as it gets. */
class Simulation {
  nowMs = 0;
  readonly tallies = new Map<Load, Tally>();
  readonly #max: number;
  readonly #weights: ReadonlyMap<string, number>;
  readonly #waiting = new Map<Load, number[]>();
  readonly #lastHeldMs = new Map<Load, number>();
  #containers: Container[] = [];
  #sequence = 0;

  constructor(max: number, loads: readonly Load[], weights: ReadonlyMap<string, number> = new Map()) {
    this.#max = max;
    this.#weights = weights;
    for (const load of loads) this.add(load);
  }

  add(load: Load): void {
    this.#waiting.set(
      load,
      Array.from({ length: load.clients }, () => this.nowMs),
    );
    this.tallies.set(load, { done: 0, longestWaitMs: 0, cold: 0 });
  }

  run(durationMs: number): this {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs; this.nowMs += STEP_MS) {
      this.#endCalls();
      this.#share();
      this.#makeContainers();
    }
    for (const [load, waiting] of this.#waiting) for (const sinceMs of waiting) this.#noteWait(load, sinceMs);
    return this;
  }

  held(accountId: string): number {
    return this.#containers.filter(({ owner, state }) => owner?.accountId === accountId && state === 'warm').length;
  }

  done(accountId: string): number {
    return [...this.tallies].reduce((sum, [load, { done }]) => sum + (load.accountId === accountId ? done : 0), 0);
  }

  #endCalls(): void {
    for (const container of this.#containers) {
      const { owner, endsAtMs } = container;
      if (owner === undefined || endsAtMs === undefined || endsAtMs > this.nowMs) continue;
      container.endsAtMs = undefined;
      container.lastUsedMs = this.nowMs;
      (this.tallies.get(owner) as Tally).done++;
      this.#waiting.get(owner)?.push(this.nowMs);
    }
    this.#containers = this.#containers.filter(({ state, endsAtMs }) => state !== 'draining' || endsAtMs !== undefined);
    for (const container of this.#containers) if (container.state === 'warm') this.#feed(container);
  }

  #feed(container: Container): void {
    const { owner } = container;
    if (owner === undefined || container.endsAtMs !== undefined) return;
    const sinceMs = this.#waiting.get(owner)?.shift();
    if (sinceMs === undefined) return;
    this.#noteWait(owner, sinceMs);
    container.endsAtMs = this.nowMs + owner.callMs;
  }

  #noteWait(load: Load, sinceMs: number): void {
    const tally = this.tallies.get(load) as Tally;
    tally.longestWaitMs = Math.max(tally.longestWaitMs, this.nowMs - sinceMs);
  }

  #claims(): (RoomClaim & { load: Load })[] {
    return [...this.#waiting]
      .filter(([, waiting]) => waiting.length > 0)
      .map(([load, waiting]) => ({
        accountId: load.accountId,
        functionName: load.functionName,
        load,
        wanted: waiting.length,
        waitingSinceMs: Math.max(waiting[0] ?? 0, this.#lastHeldMs.get(load) ?? 0),
        runtime: 'r',
        shelf: 's',
        memoryMb: 128,
        missingMb: 0,
      }));
  }

  #holdings() {
    return this.#containers.flatMap(({ owner, state }) => {
      if (owner === undefined || state !== 'warm') return [];
      this.#lastHeldMs.set(owner, this.nowMs);
      return [{ ...owner, memoryMb: 128 }];
    });
  }

  #share(): void {
    for (const each of this.#containers) {
      if (each.state === 'making' && this.nowMs - each.sinceMs >= MAKING_MS) each.state = 'cold';
    }
    const usage = containerUsage(this.#holdings(), [], this.#weights);
    serveFairly(this.#claims(), usage, ({ load }) => {
      const cold = this.#containers.find(({ state }) => state === 'cold');
      if (cold === undefined) return false;
      Object.assign(cold, { state: 'warm', owner: load, heldSinceMs: this.nowMs, lastUsedMs: this.nowMs });
      (this.tallies.get(load) as Tally).cold++;
      this.#feed(cold);
      return true;
    });
    const holdings = this.#holdings();
    const steps = makeRoom({
      claims: this.#claims(),
      candidates: this.#containers.flatMap((container) => this.#candidate(container)),
      holdings,
      weights: this.#weights,
      comingByShelf: new Map([['s', this.#containers.filter(({ state }) => state === 'cold' || state === 'making').length]]),
      minByShelf: new Map([['s', 0]]),
      room: this.#max - this.#containers.length,
      draining: this.#containers.filter(({ state }) => state === 'draining').length,
      leavingMb: 0,
      usedUp: [],
      nowMs: this.nowMs,
    });
    for (const step of steps) {
      const victim = this.#containers.find(({ containerId }) => containerId === step.containerId);
      if (victim !== undefined) victim.state = 'draining';
    }
    this.#containers = this.#containers.filter(({ state, endsAtMs }) => state !== 'draining' || endsAtMs !== undefined);
  }

  #candidate({ containerId, state, owner, endsAtMs, ...rest }: Container): RoomCandidate[] {
    if (state !== 'warm' || owner === undefined) return [];
    const shared = { containerId, shelf: 's', owner, heldSinceMs: rest.heldSinceMs, memoryMb: 128, sinceMs: rest.lastUsedMs };
    return [{ ...shared, state: endsAtMs === undefined ? 'idle' : 'busy', inFlight: endsAtMs === undefined ? 0 : 1 }];
  }

  #makeContainers(): void {
    const coming = this.#containers.filter(({ state }) => state === 'making' || state === 'cold').length;
    const wanted = this.#claims().reduce((sum, claim) => sum + claim.wanted, 0) - coming;
    for (let count = Math.min(wanted, this.#max - this.#containers.length); count > 0; count--) {
      const containerId = String(++this.#sequence);
      this.#containers.push({ containerId, state: 'making', sinceMs: this.nowMs, heldSinceMs: 0, lastUsedMs: 0, endsAtMs: undefined });
    }
  }
}

const load = (accountId: string, functionName: string, clients: number, callMs = 100): Load => ({
  accountId,
  functionName,
  callMs,
  clients,
});

describe('a contested pool', () => {
  it('gives an account its part within seconds, though another one had taken all of it', () => {
    const flood = Array.from({ length: 8 }, (_, n) => load('a', `f${n}`, 100));
    const simulation = new Simulation(8, flood).run(10_000);
    expect(simulation.held('a')).toBe(8);
    const late = load('b', 'g', 20);
    simulation.add(late);
    simulation.run(5000);
    expect(simulation.held('b')).toBe(4);
    simulation.run(30_000);
    expect(simulation.tallies.get(late)?.longestWaitMs).toBeLessThan(3000);
    // It keeps them: no further cold starts than those four.
    expect(simulation.tallies.get(late)?.cold).toBe(4);
  });

  it('leaves an account with a small load its warm container, however hard another one floods', () => {
    const modest = load('b', 'g', 1);
    const simulation = new Simulation(4, [modest]).run(2000);
    for (let n = 0; n < 40; n++) simulation.add(load('a', `f${n}`, 10));
    simulation.run(60_000);
    expect(simulation.tallies.get(modest)).toMatchObject({ cold: 1 });
    expect(simulation.tallies.get(modest)?.longestWaitMs).toBeLessThan(1000);
  });

  it('serves every function of an account, though one has a hundred times the calls', () => {
    const loads = [load('a', 'many', 500), load('a', 'few', 5), load('a', 'one', 1)];
    const simulation = new Simulation(6, loads).run(30_000);
    const done = loads.map((each) => simulation.tallies.get(each)?.done ?? 0);
    expect(done[1]).toBeGreaterThan((done[0] ?? 0) / 2);
    expect(simulation.tallies.get(loads[2] as Load)?.longestWaitMs).toBeLessThan(2000);
  });

  it('lets functions take turns where there are more than containers, before their callers give up', () => {
    const loads = ['a', 'b'].flatMap((account) => [0, 1, 2, 3, 4, 5].map((n) => load(account, `f${n}`, 3)));
    const simulation = new Simulation(4, loads).run(60_000);
    for (const each of loads) {
      expect(simulation.tallies.get(each)?.done).toBeGreaterThan(0);
      expect(simulation.tallies.get(each)?.longestWaitMs).toBeLessThan(WAIT_MS);
    }
  });

  it('is shared by weight', () => {
    const simulation = new Simulation(8, [load('a', 'f', 100), load('b', 'f', 100)], new Map([['a', 3]])).run(30_000);
    expect([simulation.held('a'), simulation.held('b')]).toEqual([6, 2]);
  });

  it('is used by one account alone while no other one calls', () => {
    const simulation = new Simulation(8, [load('a', 'f', 100)]).run(10_000);
    expect(simulation.held('a')).toBe(8);
    // 8 containers, calls of 100 ms, half a second to make them.
    expect(simulation.done('a')).toBeGreaterThan(650);
  });
});
