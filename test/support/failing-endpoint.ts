import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const SLOW_MS = 2000;

/** Takes outcomes of events over HTTP, each in its second try at the latest; the first ones fail in turn in all the ways there are. */
export class FailingEndpoint {
  /** Ids of the events that were taken with a 2xx. */
  readonly delivered = new Set<string>();
  /** Of the first event that came, by its acceptance; milliseconds since the epoch. */
  firstAtMs = Infinity;
  readonly #tried = new Set<string>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.#take(Buffer.concat(chunks).toString(), response));
    });
  }

  static async start(): Promise<FailingEndpoint> {
    const endpoint = new FailingEndpoint();
    await new Promise<void>((resolve) => endpoint.#server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/outcomes`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(body: string, response: ServerResponse): void {
    const { requestContext } = JSON.parse(body) as { requestContext: { requestId: string } };
    const { requestId } = requestContext;
    const isFirst = !this.#tried.has(requestId);
    this.#tried.add(requestId);
    const take = (): void => {
      this.delivered.add(requestId);
      response.writeHead(204).end();
    };
    this.firstAtMs = Math.min(this.firstAtMs, Date.now());
    if (!isFirst) return take();
    switch (this.#tried.size % 5) {
      case 0:
        response.destroy();
        return;
      case 1:
        response.writeHead(503).end();
        return;
      case 2:
        response.writeHead(429, { 'Retry-After': '1' }).end();
        return;
      case 3:
        setTimeout(take, SLOW_MS);
        return;
      default:
        take();
    }
  }
}
