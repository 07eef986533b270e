import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallRun } from './call-run';
import { eventually } from './eventually';
import { Ledger } from './ledger';
import { dockerIds, mounts, removeContainers, removeDirectory } from './leftovers';
import { repositoryRoot } from './repository';
import { type Ending, ServiceProcess } from './service-process';
import { StackClient } from './stack-client';
import { takeAllSteps } from './take-all-steps';

export interface LocalStackOptions {
  /** Socket of the Docker Engine to use; the machine's own by default. */
  dockerSocket?: string;
  /** Redis has a disk of its own, of this size. */
  redisDiskMb?: number;
  /** More environment of both services. */
  env?: Record<string, string>;
}

const bundle = (service: string): string => join(repositoryRoot, 'services', service, 'dist', 'main.cjs');
let count = 0;

/**
 * Redis, funclet and controller as processes of this test, on a data directory of their own: each can be killed, frozen and
 * started again with another environment at will, which takes milliseconds where containers take seconds.
 */
export class LocalStack {
  readonly dataDirectory: string;
  readonly label = `${process.env['EASYFAAS_TEST_RUN'] ?? 'local'}-${process.pid}-${++count}`;
  readonly #options: LocalStackOptions;
  readonly #port: number;
  #redis: ServiceProcess | undefined;
  #funclet: ServiceProcess | undefined;
  #controller: ServiceProcess | undefined;
  #client: StackClient | undefined;
  #ledger: Ledger | undefined;
  readonly #runs: CallRun[] = [];

  private constructor(options: LocalStackOptions, port: number) {
    this.#options = options;
    this.#port = port;
    // Unix socket paths below it have to stay short. A shared mount, since code is mounted into running containers.
    this.dataDirectory = mkdtempSync(join(tmpdir(), 'eff-'));
    execFileSync('mount', ['--bind', this.dataDirectory, this.dataDirectory]);
    execFileSync('mount', ['--make-rshared', this.dataDirectory]);
    mkdirSync(this.redisDirectory);
    const { redisDiskMb } = options;
    if (redisDiskMb !== undefined) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${redisDiskMb}m`, 'tmpfs', this.redisDirectory]);
  }

  static async start(options: LocalStackOptions = {}): Promise<LocalStack> {
    const stack = new LocalStack(options, await freePort());
    try {
      stack.startRedis();
      stack.startFunclet();
      stack.startController();
      await stack.untilReady(60_000);
      stack.#ledger = await Ledger.open(stack.dataDirectory);
      return stack;
    } catch (error) {
      const words = stack.#lastWords();
      const undone = await stack.stop().then(
        () => '',
        (failure: unknown) => `\n${String(failure)}`,
      );
      throw new Error(`the local stack did not start:\n${words}${undone}`, { cause: error });
    }
  }

  get funclet(): ServiceProcess {
    return there(this.#funclet, 'funclet');
  }

  get controller(): ServiceProcess {
    return there(this.#controller, 'controller');
  }

  get redis(): ServiceProcess {
    return there(this.#redis, 'redis');
  }

  get ledger(): Ledger {
    return there(this.#ledger, 'ledger');
  }

  /** Calls to this stack; they end with it at the latest. */
  async newRun(): Promise<CallRun> {
    for (const earlier of this.#runs) await earlier.finish();
    const run = new CallRun(this.client, this.ledger);
    this.#runs.push(run);
    return run;
  }

  /** With the admin key; asks for it once it is there. */
  get client(): StackClient {
    const keyFile = join(this.dataDirectory, 'admin.key');
    const key = (): string => readFileSync(keyFile, 'utf8').trim();
    if (!existsSync(keyFile)) return new StackClient({ url: this.#url, key: '' });
    this.#client ??= new StackClient({ url: this.#url, key: key() });
    return this.#client;
  }

  get redisDirectory(): string {
    return join(this.dataDirectory, 'redis');
  }

  get redisSocket(): string {
    return join(this.redisDirectory, 's');
  }

  get #url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  startRedis(): void {
    const directory = this.redisDirectory;
    const storage = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
    const args = ['--port', '0', '--unixsocket', this.redisSocket, '--dir', directory, ...storage];
    this.#redis = this.#start('redis', 'redis-server', args, {});
  }

  startFunclet(env: Record<string, string> = {}): ServiceProcess {
    this.#funclet = this.#start('funclet', process.execPath, [bundle('funclet')], env);
    return this.#funclet;
  }

  startController(env: Record<string, string> = {}): ServiceProcess {
    this.#controller = this.#start('controller', process.execPath, [bundle('controller')], env);
    return this.#controller;
  }

  /** Another controller on the same data directory; the caller ends it. */
  startSecondController(env: Record<string, string> = {}): ServiceProcess {
    return this.#start('second-controller', process.execPath, [bundle('controller')], env);
  }

  /** @throws with the services' last words at the deadline, which has room for a machine that has much else to do */
  async untilReady(deadlineMs = 60_000): Promise<void> {
    await eventually(async () => {
      const answer = await this.client.call('/readyz', { timeoutMs: 2000 });
      if (answer.status !== 200) throw new Error(`/readyz answers ${answer.status}: ${answer.text}`);
    }, deadlineMs).catch((cause: unknown) => {
      throw new Error(`not ready:\n${this.#lastWords()}`, { cause });
    });
  }

  #lastWords(): string {
    return `${this.#funclet?.log ?? ''}\n${this.#controller?.log ?? ''}`.split('\n').slice(-20).join('\n');
  }

  /** As many cold containers as at rest. */
  async untilFilled(deadlineMs = 60_000): Promise<void> {
    await eventually(async () => {
      const { shelves } = (await this.client.call('/v1/pool')).json<{ shelves: { min: number; cold: number }[] }>();
      if (shelves.some(({ min, cold }) => cold < min)) throw new Error(`the pool is not full: ${JSON.stringify(shelves)}`);
    }, deadlineMs);
  }

  /** One request to the funclet's own API. @returns its status and body @throws when the connection breaks */
  askFunclet(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    const socketPath = join(this.dataDirectory, 'run', 'funclet.sock');
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath, method, path, headers: { 'Content-Type': 'application/json' } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text })).on('error', reject);
      });
      sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** What an operator does by mistake. */
  flushRedis(): void {
    this.askRedis('FLUSHALL');
  }

  askRedis(...command: string[]): string {
    return execFileSync('redis-cli', ['-s', this.redisSocket, ...command]).toString();
  }

  docker(...args: string[]): string {
    const host = this.#options.dockerSocket;
    const env = { ...process.env, ...(host === undefined ? {} : { DOCKER_HOST: `unix://${host}` }) };
    return execFileSync('docker', args, { env, maxBuffer: 32 << 20, timeout: 60_000 })
      .toString()
      .trim();
  }

  /** Containers, directories and mounts of functions that the pool does not know, or that are missing behind it. */
  async orphans(): Promise<string[]> {
    const known = new Set((await this.client.pool()).map(({ containerId }) => containerId));
    const folder = join(this.dataDirectory, 'containers');
    const directories = execFileSync('ls', [folder]).toString().split('\n').filter(Boolean);
    const ofMount = (path: string): string => path.slice(folder.length).split('/')[1] ?? '';
    const containers = this.containers();
    const running = new Set(containers.filter(({ state }) => state !== 'exited').map(({ containerId }) => containerId));
    return [
      ...containers.filter(({ containerId }) => !known.has(containerId)).map(({ containerId }) => `container ${containerId}`),
      ...[...known].filter((containerId) => !running.has(containerId)).map((containerId) => `missing ${containerId}`),
      ...directories.filter((name) => !known.has(name)).map((name) => `directory ${name}`),
      ...mounts()
        .filter((path) => path.startsWith(`${folder}/`) && !known.has(ofMount(path)))
        .map((path) => `mount ${path}`),
    ];
  }

  /** Waits until nothing is left behind; @returns what is, at the deadline. 15 s is what the installation promises. */
  async settledOrphans(deadlineMs = 15_000): Promise<string[]> {
    let left: string[] = [];
    const look = async (): Promise<void> => {
      left = await this.orphans();
      if (left.length > 0) throw new Error(left.join(', '));
    };
    await eventually(look, deadlineMs, 250).catch((error: Error) => {
      if (left.length === 0) throw error;
    });
    return left;
  }

  /** Docker's ids of its containers. */
  dockerIds(): string[] {
    return dockerIds(this.docker.bind(this), this.label);
  }

  /** Measures when the pool has been full and without orphans for a moment. */
  async atRest<T>(measure: () => T): Promise<T> {
    await this.untilFilled();
    await this.settledOrphans();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    return measure();
  }

  containers(): { containerId: string; state: string }[] {
    const format = '{{.Label "easyfaas.container"}} {{.State}}';
    const lines = this.docker('ps', '--all', '--filter', `label=easyfaas.test-run=${this.label}`, '--format', format);
    const rows = lines.split('\n').filter(Boolean);
    return rows.map((line) => line.split(' ')).map(([containerId = '', state = '']) => ({ containerId, state }));
  }

  /** Ends everything and removes what is left of it. @throws AggregateError when part of that failed; the other parts were done */
  async stop(): Promise<Ending[]> {
    const endings: Ending[] = [];
    const services = [this.#controller, this.#funclet, this.#redis];
    await takeAllSteps('stop the local stack', [
      ...this.#runs.map((run) => () => run.finish()),
      () => this.#ledger?.close(),
      ...services.map((service) => async () => {
        if (service?.isRunning === true) service.signal('SIGCONT');
        if (service !== undefined) endings.push(await service.stop());
      }),
      () => removeContainers(this.docker.bind(this), this.label),
      () => removeDirectory(this.dataDirectory),
    ]);
    return endings;
  }

  #start(name: string, command: string, args: readonly string[], env: Record<string, string>): ServiceProcess {
    const { dockerSocket, env: common } = this.#options;
    return new ServiceProcess(command, args, {
      cwd: repositoryRoot,
      logPath: join(this.dataDirectory, `${name}.log`),
      env: {
        ...process.env,
        NODE_ENV: 'production',
        EASYFAAS_DATA_DIR: this.dataDirectory,
        EASYFAAS_RUNTIMES_DIR: join(repositoryRoot, 'runtimes'),
        // What most tests need: each language keeps containers ready.
        EASYFAAS_RUNTIMES: 'nodejs20,python3',
        EASYFAAS_REDIS_URL: `unix://${this.redisSocket}`,
        EASYFAAS_LISTEN: `127.0.0.1:${this.#port}`,
        EASYFAAS_LABELS: `easyfaas.test-run=${this.label}`,
        ...(dockerSocket === undefined ? {} : { EASYFAAS_DOCKER_SOCKET: dockerSocket }),
        ...common,
        ...env,
      },
    });
  }
}

function there<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the ${name} is not there`);
  return value;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
