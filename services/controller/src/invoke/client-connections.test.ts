import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { FakeClock } from '@easyfaas/service-kit';
import { ClientConnections } from './client-connections';

class FakeSocket extends EventEmitter {
  destroyed = false;
  writableLength = 0;
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}
const connect = (connections: ClientConnections): { fake: FakeSocket; socket: Socket } => {
  const fake = new FakeSocket();
  const socket = fake as unknown as Socket;
  connections.add(socket);
  return { fake, socket };
};
const item = (): { gone: number; onClientGone: () => void } => {
  const it = { gone: 0, onClientGone: () => void it.gone++ };
  return it;
};

describe('the connections of clients', () => {
  it('tell what is under way when they close, and nothing that has ended', () => {
    const connections = new ClientConnections(new FakeClock());
    const { fake, socket } = connect(connections);
    const [first, second, third] = [item(), item(), item()];
    const connection = connections.begin(socket, first);
    for (const each of [second, third]) connections.begin(socket, each);
    ClientConnections.end(connection, second);
    fake.destroy();
    expect([first.gone, second.gone, third.gone]).toEqual([1, 0, 1]);
    expect(connections.size).toBe(0);
  });

  it('are closed when they were idle for some time, and only then', () => {
    const clock = new FakeClock();
    const connections = new ClientConnections(clock);
    const { fake, socket } = connect(connections);
    const request = item();
    clock.advance(10_000);
    const connection = connections.begin(socket, request);
    clock.advance(60_000);
    expect(fake.destroyed).toBe(false);
    ClientConnections.end(connection, request);
    clock.advance(11_500);
    expect(fake.destroyed).toBe(false);
    clock.advance(2000);
    expect(fake.destroyed).toBe(true);
  });

  it('stay longer while an answer is still on its way, but not for ever', () => {
    const clock = new FakeClock();
    const connections = new ClientConnections(clock);
    const { fake, socket } = connect(connections);
    const request = item();
    ClientConnections.end(connections.begin(socket, request), request);
    fake.writableLength = 1;
    clock.advance(60_000);
    expect(fake.destroyed).toBe(false);
    clock.advance(62_000);
    expect(fake.destroyed).toBe(true);
  });

  it('count from the last request', () => {
    const clock = new FakeClock();
    const connections = new ClientConnections(clock);
    const { fake, socket } = connect(connections);
    for (let n = 0; n < 10; n++) {
      const request = item();
      ClientConnections.end(connections.begin(socket, request), request);
      clock.advance(9000);
    }
    expect(fake.destroyed).toBe(false);
  });
});
