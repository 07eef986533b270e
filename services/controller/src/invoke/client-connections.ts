import type { Socket } from 'node:net';
import type { Clock } from '@easyfaas/service-kit';

/** Something that is done for a client that may go away. */
export interface ForClient {
  onClientGone(): void;
}

/** One client's connection. */
export interface ClientConnection {
  /** Requests that are not answered yet; more than one only when a client pipelines. */
  readonly underWay: ForClient[];
  /** The sweep at which it was first seen without a request; undefined while there is one, or none was looked for. */
  idleSinceSweep: number | undefined;
}

/** How often idle connections are looked for, ms. */
const SWEEP_MS = 1000;
/**
 * A connection without a request is closed after so many sweeps. One that has sent part of a request is answered 408 by
 * Node before, after 10 s.
 */
const IDLE_SWEEPS = 12;
/** And after so many where part of an answer is still to be taken: a payload of 6 MiB at 50 KB/s. */
const UNREAD_SWEEPS = 120;

/**
 * The connections of clients: tells what is done for one when it closes, and closes those that are idle. Both with one
 * listener per connection and one timer for all: Node's own keep-alive time-out sets two timers per request, which is a
 * twentieth of the time of an exchange.
 */
export class ClientConnections {
  readonly #clock: Clock;
  readonly #bySocket = new Map<Socket, ClientConnection>();
  #sweeps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#planSweep();
  }

  get size(): number {
    return this.#bySocket.size;
  }

  /** A client has connected. */
  add(socket: Socket): ClientConnection {
    const connection: ClientConnection = { underWay: [], idleSinceSweep: undefined };
    this.#bySocket.set(socket, connection);
    socket.once('close', () => {
      this.#bySocket.delete(socket);
      for (const item of connection.underWay.splice(0)) item.onClientGone();
    });
    return connection;
  }

  /** A request is being handled. {@link ClientConnections.end} with what is returned takes it out again. */
  begin(socket: Socket, item: ForClient): ClientConnection {
    const connection = this.#bySocket.get(socket) ?? this.add(socket);
    connection.underWay.push(item);
    connection.idleSinceSweep = undefined;
    return connection;
  }

  static end({ underWay }: ClientConnection, item: ForClient): void {
    if (underWay.at(-1) === item) underWay.pop();
    else if (underWay.includes(item)) underWay.splice(underWay.indexOf(item), 1);
  }

  #planSweep(): void {
    this.#clock.after(SWEEP_MS, () => {
      this.#sweeps++;
      for (const [socket, connection] of this.#bySocket) {
        if (connection.underWay.length > 0) continue;
        connection.idleSinceSweep ??= this.#sweeps;
        const sweeps = socket.writableLength > 0 ? UNREAD_SWEEPS : IDLE_SWEEPS;
        if (this.#sweeps - connection.idleSinceSweep >= sweeps) socket.destroy();
      }
      this.#planSweep();
    });
  }
}
