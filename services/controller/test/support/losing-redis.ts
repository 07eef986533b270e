import { createHash } from 'node:crypto';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { SCRIPTS, type ScriptName } from '../../src/async/async-scripts';

/** A way to Redis on which answers can get lost: Redis has done what it was told, and the connection breaks instead of saying so. */
export class LosingRedis {
  readonly url: string;
  /** Answers that were lost. */
  lost = 0;
  readonly #redisPath: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #sha: string | undefined;

  /** @param url of Redis, `unix://...` */
  constructor({ url }: { url: string }) {
    this.url = `${url}-losing`;
    this.#redisPath = url.slice('unix://'.length);
    this.#server = createServer((client) => this.#relay(client));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.url.slice('unix://'.length), resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Loses the answer to the next run of a script that Redis knows already. */
  loseNext(script: ScriptName): void {
    this.#sha = createHash('sha1').update(SCRIPTS[script].lua).digest('hex');
  }

  #relay(client: Socket): void {
    const redis = connect(this.#redisPath);
    let isLosing = false;
    for (const [from, to] of [
      [client, redis],
      [redis, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (this.#sha !== undefined && bytes.includes(this.#sha)) {
        this.#sha = undefined;
        isLosing = true;
      }
      redis.write(bytes);
    });
    redis.on('data', (bytes) => {
      if (!isLosing) return void client.write(bytes);
      this.lost += 1;
      client.destroy();
    });
  }
}
