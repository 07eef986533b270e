import { Socket } from 'node:net';

/** Whoever reads a connection. */
export interface ConnectionReader {
  /** Where the next bytes go. Asked at first, and again behind each {@link ConnectionReader.onBytes}. */
  nextMemory(): Buffer;
  /** @returns false when no more is to be read until `resume` */
  onBytes(memory: Buffer, count: number): boolean;
}

export interface MemoryConnection {
  readonly socket: Socket;
  /** Whoever has a listener for its data gets it from here on, beginning with these bytes. */
  leave(unread: Buffer): void;
}

/** Node's own object for a connection; undocumented. */
interface HandleOwner {
  _handle?: object | null;
}

/**
 * Has a connection read into memory of the reader's. By itself Node makes a buffer of 64 KiB for each read and cuts it down to what came: 1.5 us
 * for a small request, and garbage by the megabyte for a large one. Its `onread` does without, but is for sockets that are made with it, and the
 * server makes its own. So the connection gets a second socket, made as the server made the first; closing it closes both. Where Node has no
 * handle to give, the reader gets Node's buffers.
 */
export function readIntoMemory(accepted: Socket, reader: ConnectionReader): MemoryConnection {
  const owner = accepted as HandleOwner;
  const handle = owner._handle;
  if (handle === undefined || handle === null) return readNodesBuffers(accepted, reader);
  let isLeft = false;
  const onread = {
    buffer: () => reader.nextMemory(),
    callback: (count: number, memory: Uint8Array): boolean =>
      isLeft ? socket.push(Buffer.from(memory.subarray(0, count))) : reader.onBytes(memory as Buffer, count),
  };
  owner._handle = null;
  const options = { handle, onread, allowHalfOpen: accepted.allowHalfOpen };
  const socket = new Socket(options);
  // The server counts the one that it made.
  socket.once('close', () => accepted.destroy());
  return {
    socket,
    leave: (unread) => {
      isLeft = true;
      socket.unshift(unread);
    },
  };
}

function readNodesBuffers(socket: Socket, reader: ConnectionReader): MemoryConnection {
  const onData = (bytes: Buffer): void => {
    if (!reader.onBytes(bytes, bytes.length)) socket.pause();
  };
  socket.on('data', onData);
  return {
    socket,
    leave: (unread) => {
      socket.off('data', onData);
      socket.unshift(unread);
    },
  };
}
