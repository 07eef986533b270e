import type { Socket } from 'node:net';

/** Something that is done for a client that may go away. */
export interface ForClient {
  onClientGone(): void;
}

/**
 * Tells what is done for a client when its connection closes. One listener per connection instead of one per request: a
 * client that keeps its connection makes thousands.
 */
export class ClientWatch {
  readonly #bySocket = new WeakMap<Socket, ForClient[]>();

  /** @returns the list that the item is in; it is taken out with {@link ClientWatch.unwatch} */
  watch(socket: Socket, item: ForClient): ForClient[] {
    let items = this.#bySocket.get(socket);
    if (items === undefined) {
      items = [];
      this.#bySocket.set(socket, items);
      const watched = items;
      socket.once('close', () => {
        for (const each of watched.splice(0)) each.onClientGone();
      });
    }
    items.push(item);
    return items;
  }

  static unwatch(items: ForClient[], item: ForClient): void {
    // Nearly always the only one: more of them only when a client pipelines.
    if (items.at(-1) === item) items.pop();
    else if (items.includes(item)) items.splice(items.indexOf(item), 1);
  }
}
