import type { ServerResponse } from 'node:http';

/** Bodies up to this size are joined with the header and leave as one piece of text. */
const ONE_PIECE_BYTES = 16 * 1024;

/** What Node keeps the formatted header in, from `writeHead` until it is sent. Not documented, the same from Node 0.4 to 24. */
interface WithHeader {
  _header?: string | null;
}

/**
 * Sends answers with status 200 to clients that keep their connection. Two things are done by hand for small ones, each worth
 * a tenth of what Node takes for an exchange:
 *
 * - The header is put together here. `writeHead` checks each name and value against what HTTP allows; ours are known to be fine.
 * - Header and body leave with one plain write. `end(text)` adds an empty chunk of its own and has both gathered by writev.
 *
 * Where that is not possible (a body of bytes, a client that pipelines, a connection that is to be closed) Node does it all.
 */
export class QuickAnswers {
  readonly #wallMs: () => number;
  #second = NaN;
  #date = '';

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** @param headers name, value, name, value...; values of printable characters only */
  send(response: ServerResponse & WithHeader, headers: readonly string[], body: Buffer): void {
    const { socket } = response;
    if (body.length > ONE_PIECE_BYTES || socket === null || !response.shouldKeepAlive || response._header !== null) {
      response.writeHead(200, headers as string[]).end(body);
      return;
    }
    let header = 'HTTP/1.1 200 OK\r\n';
    for (let index = 0; index < headers.length; index += 2) header += `${headers[index]}: ${headers[index + 1]}\r\n`;
    response._header = `${header}Date: ${this.#dateText()}\r\nConnection: keep-alive\r\n\r\n`;
    socket.cork();
    response.write(body.toString('latin1'), 'latin1');
    socket.uncork();
    response.end();
  }

  /** As RFC 9110 wants it; made once a second. */
  #dateText(): string {
    const wallMs = this.#wallMs();
    const second = Math.floor(wallMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(wallMs).toUTCString();
    }
    return this.#date;
  }
}
