import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@easyfaas/service-kit';
import type { ClientConnections } from '../invoke/client-connections';
import { PayloadMemory } from '../invoke/payload-memory';
import { HttpDate } from './http-date';
import { PlainConnection, type PlainConnectionPorts } from './plain-connection';

export interface PlainFrontOptions {
  onRequest: PlainConnectionPorts['onRequest'];
  /** Told of each connection: the sockets that the server tells of are not the ones in use. */
  clients: Pick<ClientConnections, 'add'>;
  isDraining: () => boolean;
  clock: Clock;
}

/** The connections that Node's server has not got yet. */
export interface PlainFront {
  /** Those without a request are closed; the others close behind their answer, once it says that it is draining. */
  closeIdle(): void;
  closeAll(): void;
}

/**
 * Puts the reader of plain requests in front of a server's own parser. Its limits and time-outs hold from the hand-over on; until
 * then a connection has sent nothing that was not answered but a body, which has the server's time-out, and whoever made the server closes it
 * when it is idle.
 */
export function readPlainRequestsFirst(server: Server, { onRequest, clients, isDraining, clock }: PlainFrontOptions): PlainFront {
  const byNode = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  const connections = new Map<Socket, PlainConnection>();
  const leave = (socket: Socket): void => void connections.delete(socket);
  const ports: PlainConnectionPorts = {
    onRequest,
    isDraining,
    date: new HttpDate(() => clock.wallMs()),
    clock,
    memory: new PayloadMemory(),
    bodyMs: server.requestTimeout,
    handOver: (socket) => {
      leave(socket);
      for (const listener of byNode) listener.call(server, socket);
    },
  };
  server.removeAllListeners('connection');
  server.on('connection', (accepted: Socket) => {
    const connection = new PlainConnection(accepted, ports);
    const { socket } = connection;
    connections.set(socket, connection);
    socket.once('close', () => leave(socket));
    clients.add(socket);
  });
  return {
    closeIdle: () => {
      for (const connection of connections.values()) if (!connection.isBusy) connection.destroy();
    },
    closeAll: () => {
      for (const connection of connections.values()) connection.destroy();
    },
  };
}
