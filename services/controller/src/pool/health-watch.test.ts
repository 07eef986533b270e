import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import type { PoolContainer } from './container';
import { HealthWatch } from './health-watch';

/** One side of a container that answers until it is made deaf. */
class FakeLink {
  readonly questions: string[] = [];
  isDeaf = false;
  answerMs = 0;
  /** It answers that the runtime process is stopped. */
  isRuntimeStopped = false;
  stoppedAnswers = 0;
  /** The processor time that the runner tells of the runtime process. */
  processorMs: number | undefined;
  ranMs = 0;
  processorNowMs = 0;
  /** It answers that the runtime process sleeps. */
  isRuntimeStill = false;
  #askedAtMs: number | undefined;
  #processorAskedMs: number | undefined;

  askForLife(nowMs: number, options?: { wantsFigures: boolean }): void {
    this.questions.push(options?.wantsFigures === true ? 'figures' : 'life');
    if (this.isDeaf) this.#askedAtMs ??= nowMs;
    else this.#answer();
  }

  #answer(): void {
    this.stoppedAnswers = this.isRuntimeStopped ? this.stoppedAnswers + 1 : 0;
    this.ranMs = this.processorNowMs - (this.processorMs ?? this.processorNowMs);
    this.processorMs = this.processorNowMs;
  }

  silentMs(nowMs: number): number {
    return this.#askedAtMs === undefined ? 0 : nowMs - this.#askedAtMs;
  }

  ranSilentMs(processorMs: number): number {
    if (this.#askedAtMs === undefined) return 0;
    this.#processorAskedMs ??= processorMs;
    return processorMs - this.#processorAskedMs;
  }

  forgetSilence(): void {
    this.#askedAtMs = undefined;
    this.#processorAskedMs = undefined;
  }
}

class World {
  readonly clock = new FakeClock();
  readonly resets: string[] = [];
  readonly runner = new FakeLink();
  readonly runtime = new FakeLink();
  readonly container = {
    containerId: 'c',
    phase: 'warm',
    inFlight: 0,
    view: { state: 'warm' },
    connection: { runner: this.runner, runtime: this.runtime },
  };
  readonly health = new HealthWatch({
    clock: this.clock,
    logger: silentLogger(),
    view: { values: () => (this.container.phase === 'resetting' ? [] : [this.container as unknown as PoolContainer]) },
    resets: {
      reset: (container, reason) => {
        this.resets.push(`${container.containerId} ${reason}`);
        this.container.phase = 'resetting';
      },
    },
  });

  start(): this {
    this.health.start();
    return this;
  }

  /** In steps, as time passes. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) this.clock.advance(100);
  }
}

describe('the watch over containers', () => {
  it('notices a silent supervisor within 3 s, whenever the silence begins', () => {
    for (const lead of [0, 300, 700, 799]) {
      const world = new World().start();
      world.pass(5000);
      world.clock.advance(lead);
      world.runner.isDeaf = true;
      world.pass(3000);
      expect(world.resets).toEqual([expect.stringMatching(/^c unhealthy: the runner was silent for \d\.\d s$/)]);
    }
  });

  it('notices a runtime that was stopped by a signal within 3 s, and none that goes on again at once', () => {
    for (const lead of [0, 300, 700, 799]) {
      const world = new World().start();
      world.pass(5000);
      world.clock.advance(lead);
      world.runner.isRuntimeStopped = true;
      world.pass(800);
      world.runner.isRuntimeStopped = false;
      world.pass(5000);
      expect(world.resets).toEqual([]);
      world.runner.isRuntimeStopped = true;
      world.pass(3000);
      expect(world.resets).toEqual(['c unhealthy: the runtime process was stopped by a signal, without a call in it']);
    }
  });

  it('notices a runtime that spins between calls within 3 s, whenever it begins', () => {
    for (let lead = 0; lead < 2400; lead += 100) {
      const world = new World().start();
      world.pass(4800 + lead);
      world.runtime.isDeaf = true;
      for (let passed = 0; passed < 3000; passed += 100) {
        world.runner.processorNowMs += 100;
        world.pass(100);
      }
      expect(world.resets).toEqual([expect.stringMatching(/^c unhealthy: the runtime process did nothing but run for \d\.\d s/)]);
    }
  });

  it('notices a runtime that stands still between calls within 3 s, whenever it begins', () => {
    for (let lead = 0; lead < 2400; lead += 100) {
      const world = new World().start();
      world.runner.isRuntimeStill = true;
      world.pass(4800 + lead);
      expect(world.resets).toEqual([]);
      world.runtime.isDeaf = true;
      world.pass(2600);
      expect(world.resets).toEqual([expect.stringMatching(/^c unhealthy: the runtime process stood still for \d\.\d s/)]);
    }
  });

  it('does not take a runtime for spinning that gets no processor, or has worked but answers', () => {
    const starved = new World().start();
    starved.pass(4800);
    starved.runtime.isDeaf = true;
    starved.pass(2700);
    expect(starved.resets).toEqual([]);
    const busy = new World().start();
    for (let passed = 0; passed < 20_000; passed += 100) {
      busy.runner.processorNowMs += 100;
      busy.pass(100);
    }
    expect(busy.resets).toEqual([]);
  });

  it('leaves one alone that answers', () => {
    const world = new World().start();
    world.pass(60_000);
    expect(world.resets).toEqual([]);
  });

  it('asks a runtime only between calls, less often than its supervisor, and seldom before it has code', () => {
    const world = new World().start();
    world.container.inFlight = 1;
    world.pass(10_000);
    expect(world.runtime.questions).toEqual([]);
    world.container.inFlight = 0;
    world.pass(10_000);
    const loaded = world.runtime.questions.length;
    expect(loaded).toBeLessThan(world.runner.questions.length / 3);
    world.container.phase = 'cold';
    world.pass(10_000);
    const cold = world.runtime.questions.length - loaded;
    expect(cold).toBeGreaterThan(2);
    expect(cold).toBeLessThan(loaded * 0.7);
  });

  it('takes no frozen container for silent, neither while it is frozen nor right after', () => {
    const world = new World().start();
    world.runner.isDeaf = true;
    world.container.view.state = 'paused';
    world.pass(30_000);
    world.container.view.state = 'warm';
    world.runner.isDeaf = false;
    world.pass(10_000);
    expect(world.resets).toEqual([]);
  });

  it('blames nobody when it slept itself', () => {
    const world = new World().start();
    world.runner.isDeaf = true;
    world.pass(800);
    world.runner.isDeaf = false;
    // The whole process stood still; answers may lie in the sockets unread.
    const { clock } = world;
    const planned = clock.after.bind(clock);
    clock.after = (delayMs, callback) => planned(delayMs + 20_000, callback);
    world.pass(1000);
    clock.after = planned;
    world.pass(21_000);
    expect(world.resets).toEqual([]);
  });

  it('is over when it is stopped', () => {
    const world = new World().start();
    world.health.stop();
    world.pass(10_000);
    expect(world.runner.questions).toEqual([]);
  });
});
