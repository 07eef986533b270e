import { EventStop } from './event-stop';

describe('stopping an event', () => {
  it('tells each listener once, and keeps the first reason', () => {
    const stop = new EventStop();
    const told: string[] = [];
    const second = (): void => void told.push('second');
    stop.addEventListener('abort', () => told.push('first'));
    stop.addEventListener('abort', second);
    stop.removeEventListener('abort', second);
    expect([stop.aborted, stop.reason]).toEqual([false, undefined]);
    stop.stop('cancel');
    stop.stop('drain');
    expect([stop.aborted, stop.reason, told]).toEqual([true, 'cancel', ['first']]);
  });
});
