import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TriggerView } from '@easyfaas/contracts/wire';
import type { TriggerSource } from '../src/triggers/source';
import { startApi } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, codeOf, jsonBody } from './http-client';
import { describeWithRedis, startRedis } from './redis-server';
import { TickSource } from './support/tick-source';

const SOURCE = { headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async (event) => event;' };

describe('docs/writing-a-trigger.md', () => {
  it('shows the source that is registered below, word for word', () => {
    const shown = readFileSync(join(__dirname, '../../../docs/writing-a-trigger.md'), 'utf8');
    expect(shown).toContain(readFileSync(join(__dirname, 'support/tick-source.ts'), 'utf8').trim());
  });
});

describeWithRedis("a source of one's own", () => {
  it('A18 is registered, checked, started, stopped and started again', async () => {
    const redis = await startRedis();
    const source = new TickSource() as unknown as TriggerSource;
    const api = await startApi({ redisUrl: redis.url, prefix: redis.prefix, triggerOptions: { moreSources: [source] } });
    try {
      const call = clientOf(api.url, await api.adminKey());
      await call('/v1/functions/target?Runtime=nodejs20&Handler=index.handler', { method: 'POST', ...SOURCE });
      const trigger = (EveryMs: unknown): object => ({ Source: 'tick', FunctionName: 'target', Configuration: { EveryMs } });
      expect(codeOf(await call('/v1/triggers', { method: 'POST', ...jsonBody(trigger('fast')) }))).toBe('VALIDATION_FAILED');
      const created = (await call('/v1/triggers', { method: 'POST', ...jsonBody(trigger(20)) })).json<TriggerView>();
      expect(created.Details).toEqual({ PerMinute: 3000 });
      const more = async (): Promise<void> => {
        const before = api.events.length;
        await eventually(() => expect(api.events.length).toBeGreaterThan(before + 2), 20_000);
      };
      await more();
      await call(`/v1/triggers/${created.TriggerId}/pause`, { method: 'POST' });
      await eventually(async () => {
        const before = api.events.length;
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(api.events.length).toBe(before);
      }, 10_000);
      await call(`/v1/triggers/${created.TriggerId}/resume`, { method: 'POST' });
      await more();
    } finally {
      await api.stop();
      await redis.stop();
    }
  });
});
