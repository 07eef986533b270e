import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { join, resolve } from 'node:path';
import type { ContainerState, ContainerView, InitRequest, ResizeRequest, WarmUpRequest } from '@easyfaas/contracts/wire';

const repository = resolve(__dirname, '../../../..');

interface Entry {
  view: ContainerView;
  runner: ChildProcess | undefined;
}

/**
 * The funclet's API without Docker: containers are the real runner and the real nodejs20 bootstrap as processes of this
 * machine, each in a process group of its own. Code is a directory per container, filled at warm-up.
 */
export class FakeFunclet {
  readonly dataDir: string;
  readonly socketPath: string;
  #server: Server;
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Set<ServerResponse>();
  readonly #sources = new Map<string, string>();
  #revision = 0;
  /** Answers the next warm-up with this error. */
  failNextWarmUp: { status: number; code: string; message: string } | undefined;
  created = 0;
  /** Answers every resize with MEMORY_BUSY. */
  refusesResizes = false;
  /** What was frozen and thawed, in order. */
  readonly freezes: ('pause' | 'resume')[] = [];

  constructor(dataDir: string) {
    this.dataDir = dataDir;
    this.socketPath = join(dataDir, 'funclet.sock');
    mkdirSync(dataDir, { recursive: true });
    this.#server = this.#createServer();
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(this.socketPath, done));
  }

  /** After {@link stopServing}: a new process that has found its containers again. */
  async serveAgain(): Promise<void> {
    this.#server = this.#createServer();
    await this.start();
  }

  async stop(): Promise<void> {
    for (const id of this.#entries.keys()) this.#end(id);
    await this.stopServing();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Ends like a funclet that crashed: the containers live on. */
  async stopServing(): Promise<void> {
    for (const watcher of this.#watchers) watcher.destroy();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** Code of a package: the text of index.js. */
  addSource(sha256: string, source: string): void {
    this.#sources.set(sha256, source);
  }

  taskRoot(containerId: string): string {
    return join(this.dataDir, 'containers', containerId, 'task');
  }

  views(): ContainerView[] {
    return [...this.#entries.values()].map(({ view }) => view);
  }

  states(): ContainerState[] {
    return [...this.#entries.values()].map(({ view }) => view.state);
  }

  /** Kills the supervisor and all below it, as `docker kill` would. */
  killContainer(containerId: string): void {
    killGroups(this.#entries.get(containerId)?.runner);
  }

  #createServer(): Server {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        this.#answer(response, 500, envelope('INTERNAL', String(error)));
      });
    });
    server.keepAliveTimeout = 60_000;
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    if (path === '/v1/containers' && query.startsWith('watch')) return this.#watch(response);
    const body = await readJson(request);
    const [, , , id = '', verb = ''] = path.split('/');
    if (path === '/v1/containers') return this.#answer(response, 201, this.#create(body as InitRequest));
    const entry = this.#entries.get(id);
    if (path.startsWith('/v1/code/')) return this.#answer(response, 200, {});
    if (entry === undefined) return this.#answer(response, 404, envelope('CONTAINER_NOT_FOUND', 'no such container'));
    if (verb === 'attached') return this.#answer(response, 200, this.#move(entry, 'cold'));
    if (verb === 'loaded') return this.#answer(response, 200, this.#move(entry, 'warm'));
    if (verb === 'pause' || verb === 'resume') return this.#freeze(response, entry, verb);
    if (request.method === 'PATCH') return this.#resize(response, entry, body as ResizeRequest);
    if (request.method === 'GET') return this.#answer(response, 200, entry.view);
    if (verb === 'reset') {
      this.#move(entry, 'resetting');
      this.#end(id);
      return this.#answer(response, 200, this.#move(entry, 'gone'));
    }
    if (verb === 'warm-up') return this.#warmUp(response, entry, body as WarmUpRequest);
    return this.#answer(response, 404, envelope('ROUTE_NOT_FOUND', path));
  }

  /** Signals stand in for the freezer: the processes stand still just so. */
  #freeze(response: ServerResponse, entry: Entry, verb: 'pause' | 'resume'): void {
    const [from, to] = verb === 'pause' ? (['warm', 'paused'] as const) : (['paused', 'warm'] as const);
    const { state, containerId } = entry.view;
    if (state !== from) {
      const error = { code: 'ILLEGAL_TRANSITION', message: state, requestId: '-', details: { containerId, from: state, to } };
      return this.#answer(response, 409, { error });
    }
    signalGroups(entry.runner, verb === 'pause' ? 'SIGSTOP' : 'SIGCONT');
    this.freezes.push(verb);
    this.#answer(response, 200, this.#move(entry, to));
  }

  #resize(response: ServerResponse, entry: Entry, { memoryMb, commitId }: ResizeRequest): void {
    if (this.refusesResizes) return this.#answer(response, 409, envelope('MEMORY_BUSY', 'the container uses too much'));
    entry.view.memoryMb = memoryMb;
    if (commitId !== undefined && entry.view.assignment !== undefined) entry.view.assignment = { ...entry.view.assignment, commitId };
    this.#publish(entry);
    this.#answer(response, 200, entry.view);
  }

  #warmUp(response: ServerResponse, entry: Entry, wish: WarmUpRequest): void {
    const failure = this.failNextWarmUp;
    if (failure !== undefined) {
      this.failNextWarmUp = undefined;
      return this.#answer(response, failure.status, envelope(failure.code, failure.message));
    }
    if (entry.view.state !== 'cold') return this.#answer(response, 409, envelope('ILLEGAL_TRANSITION', entry.view.state));
    entry.view.assignment = wish.assignment;
    entry.view.memoryMb = wish.memoryMb;
    writeFileSync(join(this.taskRoot(entry.view.containerId), 'index.js'), this.#sources.get(wish.codeSha256) ?? '');
    const container = this.#move(entry, 'warming');
    return this.#answer(response, 200, { container, timings: { reserveMs: 0, memoryMs: 0, codeMs: 0, mountMs: 0 } });
  }

  #create(wish: InitRequest): ContainerView {
    const { containerId } = wish;
    const directory = join(this.dataDir, 'containers', containerId);
    mkdirSync(join(directory, 'sock'), { recursive: true });
    mkdirSync(join(directory, 'task'), { recursive: true });
    const view: ContainerView = {
      containerId,
      revision: 0,
      state: 'creating',
      reason: wish.reason,
      runtime: wish.runtime,
      network: wish.network,
      memoryMb: wish.memoryMb,
      classMb: wish.memoryMb,
      socketDirectory: join(directory, 'sock'),
      token: randomBytes(16).toString('hex'),
      createdAtMs: Date.now(),
      stateSinceMs: Date.now(),
      history: [],
    };
    const entry: Entry = { view, runner: undefined };
    this.#entries.set(containerId, entry);
    this.created++;
    this.#publish(entry);
    entry.runner = startRunner(directory, view.token);
    entry.runner.once('exit', (code) => this.#onExit(entry, code));
    return view;
  }

  /** What Docker's events would tell. */
  #onExit(entry: Entry, code: number | null): void {
    if (entry.view.state === 'resetting' || entry.view.state === 'gone') return;
    entry.view.exit = { exitCode: code ?? 137, oomKilled: false };
    this.#move(entry, 'resetting');
    this.#end(entry.view.containerId);
    this.#move(entry, 'gone');
  }

  #end(containerId: string): void {
    const entry = this.#entries.get(containerId);
    killGroups(entry?.runner);
    this.#entries.delete(containerId);
    rmSync(join(this.dataDir, 'containers', containerId), { recursive: true, force: true });
  }

  #move(entry: Entry, to: ContainerState): ContainerView {
    entry.view.state = to;
    entry.view.stateSinceMs = Date.now();
    this.#publish(entry);
    return entry.view;
  }

  #watch(response: ServerResponse): void {
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
    const containers = [...this.#entries.values()].map(({ view }) => view);
    response.write(`${JSON.stringify({ type: 'snapshot', revision: this.#revision, containers })}\n`);
  }

  #publish(entry: Entry): void {
    entry.view.revision = ++this.#revision;
    const line = `${JSON.stringify({ type: 'change', revision: this.#revision, container: entry.view })}\n`;
    for (const watcher of this.#watchers) watcher.write(line);
  }

  #answer(response: ServerResponse, status: number, body: object): void {
    const text = JSON.stringify(body);
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }).end(text);
  }
}

function startRunner(directory: string, token: string): ChildProcess {
  const bootstrap = join(repository, 'runtimes/nodejs20/bootstrap.cjs');
  const manifest = join(directory, 'runtime.json');
  writeFileSync(manifest, JSON.stringify({ name: 'nodejs20', command: process.execPath, args: [bootstrap] }));
  return spawn(process.execPath, [join(repository, 'services/runner/dist/runner.js')], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      EASYFAAS_SOCKET: join(directory, 'sock', 'controller.sock'),
      EASYFAAS_TOKEN: token,
      EASYFAAS_RUNTIME_MANIFEST: manifest,
    },
  });
}

/** The runner and its runtime, which leads a process group of its own. */
function signalGroups(runner: ChildProcess | undefined, name: NodeJS.Signals): void {
  if (runner?.pid === undefined || runner.exitCode !== null) return;
  for (const child of childrenOf(runner.pid)) signal(-child, name);
  signal(-runner.pid, name);
}

function killGroups(runner: ChildProcess | undefined): void {
  signalGroups(runner, 'SIGKILL');
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function envelope(code: string, message: string): object {
  return { error: { code, message, retryable: true, requestId: '-' } };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : JSON.parse(text);
}
