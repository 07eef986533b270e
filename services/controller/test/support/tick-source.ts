import { invalidField } from '../../src/invalid-field';
import type { SourceTrigger, TriggerDraft, TriggerPort, TriggerSource } from '../../src/triggers/source';

interface TickConfiguration {
  EveryMs: number;
}

/** An event every so often. */
export class TickSource implements TriggerSource<TickConfiguration> {
  readonly kind = 'tick';
  readonly placement = 'one-pod';
  readonly secretNames = [];
  readonly #timers = new Map<string, NodeJS.Timeout>();

  validate({ configuration }: TriggerDraft): TickConfiguration {
    const { EveryMs = 1000 } = configuration;
    if (typeof EveryMs === 'number' && EveryMs >= 10) return { EveryMs };
    throw invalidField('Configuration.EveryMs', 'EveryMs must be a number of at least 10.');
  }

  describe({ configuration }: Omit<SourceTrigger<TickConfiguration>, 'secrets'>): Record<string, unknown> {
    return { PerMinute: 60_000 / configuration.EveryMs };
  }

  start({ triggerId, configuration }: SourceTrigger<TickConfiguration>, port: TriggerPort): void {
    const tick = (): void => {
      const tickMs = Math.floor(Date.now() / configuration.EveryMs) * configuration.EveryMs;
      // A failure is counted and shown by the port; the next tick is another event.
      port
        .accept({ payload: Buffer.from(JSON.stringify({ tickMs })), contentType: 'application/json', eventId: String(tickMs) })
        .catch((error: unknown) => port.fail(error));
    };
    this.#timers.set(triggerId, setInterval(tick, configuration.EveryMs));
  }

  stop(triggerId: string): void {
    clearInterval(this.#timers.get(triggerId));
    this.#timers.delete(triggerId);
  }
}
