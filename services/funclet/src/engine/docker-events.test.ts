import { Readable } from 'node:stream';
import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import type { EngineEvent } from './container-engine';
import { parseEvent, watchDockerEvents } from './docker-events';

const line = (Action: string, id = 'd1'): string =>
  JSON.stringify({ Type: 'container', Action, Actor: { ID: id, Attributes: { 'easyfaas.container': 'c1' } } });

describe('the event stream of Docker', () => {
  it('gives deaths and removals of our containers and nothing else', () => {
    expect(parseEvent(line('die'))).toEqual({ type: 'died', dockerId: 'd1', containerId: 'c1' });
    expect(parseEvent(line('destroy'))).toEqual({ type: 'removed', dockerId: 'd1', containerId: 'c1' });
    expect(parseEvent(line('start'))).toBeUndefined();
    expect(parseEvent('')).toBeUndefined();
    expect(parseEvent('{"Action":"die","Actor":{"ID":"d1","Attributes":{}}}')).toBeUndefined();
  });

  it('is put together from pieces, and opened again after each break', async () => {
    const streams = [
      Readable.from([`${line('die', 'd1')}\n${line('die', 'd2').slice(0, 20)}`, `${line('die', 'd2').slice(20)}\n`]),
      new Readable({
        read() {
          this.destroy(new Error('connection reset'));
        },
      }),
      Readable.from([`${line('die', 'd3')}\n`]),
    ];
    const events: EngineEvent[] = [];
    const stop = new AbortController();
    let opened = 0;
    await new Promise<void>((resolve) => {
      watchDockerEvents({
        open: () => {
          const next = streams.shift();
          if (next !== undefined) return Promise.resolve(next);
          resolve();
          return Promise.reject(new Error('docker is down'));
        },
        listener: { onEvent: (event) => void events.push(event), onOpen: () => void (opened += 1) },
        clock: new FakeClock(),
        logger: silentLogger(),
        signal: stop.signal,
      });
    });
    stop.abort();
    expect(events.map(({ dockerId }) => dockerId)).toEqual(['d1', 'd2', 'd3']);
    expect(opened).toBe(3);
  });
});
