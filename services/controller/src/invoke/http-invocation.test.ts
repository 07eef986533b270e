import { Socket } from 'node:net';
import { FakeClock } from '@easyfaas/service-kit';
import { ClientConnections } from './client-connections';
import type { Exchange } from './exchange';
import { HttpInvocation, type HttpInvocationParts, type HttpInvocationPorts } from './http-invocation';
import { PayloadBudget } from './payload-budget';

it('holds no memory for a client that has gone: nothing would give it back', () => {
  const clients = new ClientConnections(new FakeClock());
  const socket = new Socket();
  const parts = { exchange: { socket } as Exchange } as HttpInvocationParts;
  const payloads = new PayloadBudget(10);
  const invocation = new HttpInvocation(parts, { clients } as HttpInvocationPorts);
  expect(invocation.hold(payloads, 4)).toBe(true);
  expect(payloads.heldBytes).toBe(4);
  socket.emit('close');
  expect(payloads.heldBytes).toBe(0);
  expect(invocation.hold(payloads, 4)).toBe(true);
  expect(payloads.heldBytes).toBe(0);
});
