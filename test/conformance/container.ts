import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, delimiter, extname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { CONTAINER_PATHS, FrameType, type InitHeader, type InvokeHeader, type RuntimeManifest } from '@easyfaas/contracts/wire';
import { FakeController, type FakeConnection, type ReceivedFrame } from '../support/fake-controller';
import { repositoryRoot } from '../support/repository';

const runtimesFolder = join(repositoryRoot, 'runtimes');

/** A runtime's manifest as it is, and the command by which it can be run on this machine, if it can. */
export interface HostRuntime {
  name: string;
  folder: string;
  manifest: RuntimeManifest;
  command: string | undefined;
}

/** Every folder of `runtimes/` that has a manifest. */
export function allRuntimes(): HostRuntime[] {
  return readdirSync(runtimesFolder)
    .filter((name) => existsSync(join(runtimesFolder, name, 'runtime.json')))
    .map((name) => {
      const folder = join(runtimesFolder, name);
      const manifest = JSON.parse(readFileSync(join(folder, 'runtime.json'), 'utf8')) as RuntimeManifest;
      return { name, folder, manifest, command: findOnHost(manifest.command) };
    });
}

/** Those of which a handler is loaded, which is what most cases are about. */
export const handlerRuntimes = (): HostRuntime[] => allRuntimes().filter(({ manifest }) => manifest.entryIsExecutable !== true);

/** Those that run a program which speaks the Runtime API. */
export const executableRuntimes = (): HostRuntime[] => allRuntimes().filter(({ manifest }) => manifest.entryIsExecutable === true);

/** The runtimes of handlers whose language this machine has. All are needed where REQUIRE_RUNTIMES=1 (CI), otherwise they are left out aloud. */
export function runtimesHere(): HostRuntime[] {
  const all = handlerRuntimes();
  const missing = all.filter(({ command }) => command === undefined).map(({ name }) => name);
  if (missing.length > 0 && process.env['REQUIRE_RUNTIMES'] === '1')
    throw new Error(`no command on this machine for ${missing.join(', ')}`);
  if (missing.length > 0) console.warn(`conformance: not run for ${missing.join(', ')}, which this machine does not have`);
  return all.filter(({ command }) => command !== undefined);
}

/** Where a language runs one call at a time in a container, what is said of several does not apply. */
export const runsSeveral = ({ manifest }: HostRuntime): boolean => manifest.concurrencyMax !== 1;

function findOnHost(command: string): string | undefined {
  if (existsSync(command)) return command;
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, basename(command)))
    .find((candidate) => existsSync(candidate));
}

/** Path of a runtime's fixture; undefined when the language has no such thing. */
export function fixtureFile(runtime: HostRuntime, name: string): string | undefined {
  const folder = join(runtime.folder, 'fixtures');
  const file = readdirSync(folder).find((each) => basename(each, extname(each)) === name);
  return file === undefined ? undefined : join(folder, file);
}

/** One test per fixture that the language has; `%s` in the title is the fixture's name. */
export function eachFixture(
  runtime: HostRuntime,
  fixtures: string[],
  title: string,
  test: (fixture: string) => Promise<void>,
  timeoutMs?: number,
): void {
  for (const fixture of fixtures.filter((name) => fixtureFile(runtime, name) !== undefined))
    it(title.replace('%s', fixture), () => test(fixture), timeoutMs);
}

let runnerFile: string | undefined;

/** The runner's bundle, made from the sources as they are. */
export function builtRunner(): string {
  if (runnerFile !== undefined) return runnerFile;
  const outfile = join(repositoryRoot, 'test/dist/conformance', `runner-${process.pid}.js`);
  buildSync({
    entryPoints: [join(repositoryRoot, 'services/runner/src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  });
  runnerFile = join(repositoryRoot, 'test/dist/conformance/runner.js');
  renameSync(outfile, runnerFile);
  return runnerFile;
}

/** What is made when an image is built: the file that tells the launcher what to start. @param easyfaas folder of runner and manifest */
export function writeStartFile(easyfaas: string): void {
  const env = { EASYFAAS_RUNTIME_MANIFEST: join(easyfaas, 'runtime.json') };
  writeFileSync(join(easyfaas, 'start'), execFileSync(process.execPath, [builtRunner(), '--start-file'], { env }));
}

export const TOKEN = 'token-of-the-container';

export interface CallOptions {
  /** Sent as it is where it is bytes, as JSON otherwise. */
  contentType?: string;
  remainingMs?: number;
  clientContext?: string;
  traceparent?: string;
  tracestate?: string;
  /** The answer may be streamed. */
  windowBytes?: number;
}

/** How a call ended. */
export interface CallAnswer {
  type: 'result' | 'error';
  header: Record<string, unknown>;
  body: Buffer;
  /** Text of the call's own LOG frames that came before the answer. */
  log: string;
  logFrames: ReceivedFrame[];
}

/** The inside of a container: runner and runtime as real processes on this machine, attached to a fake controller. */
export class TestContainer {
  readonly runtimeInfo: HostRuntime;
  readonly controller: FakeController;
  readonly taskFolder: string;
  runner!: FakeConnection;
  runtime!: FakeConnection;
  #process: ChildProcess | undefined;
  #stream = 0;

  constructor(runtime: HostRuntime) {
    this.runtimeInfo = runtime;
    this.controller = new FakeController();
    this.taskFolder = join(this.controller.directory, 'task');
    mkdirSync(this.taskFolder);
  }

  /** Starts both processes and waits until both are attached. */
  static async start(runtime: HostRuntime, environment: Record<string, string> = {}): Promise<TestContainer> {
    const container = new TestContainer(runtime);
    await container.controller.listen();
    container.spawnRunner(environment);
    await container.attachedOrDisposed();
    return container;
  }

  get runnerProcess(): ChildProcess {
    if (!this.#process) throw new Error('the runner was not started');
    return this.#process;
  }

  spawnRunner(environment: Record<string, string> = {}, args: string[] = []): ChildProcess {
    const { folder, manifest, command } = this.runtimeInfo;
    const easyfaas = join(this.controller.directory, 'opt');
    mkdirSync(easyfaas);
    const manifestFile = join(easyfaas, 'runtime.json');
    const onHost = {
      ...manifest,
      command: basename(command ?? '') === 'node' ? process.execPath : command,
      args: manifest.args.map((argument) => argument.replace(CONTAINER_PATHS.easyfaas, folder)),
    };
    writeFileSync(manifestFile, JSON.stringify(onHost));
    cpSync(builtRunner(), join(easyfaas, 'runner.js'));
    cpSync(join(repositoryRoot, 'services/runner/launcher'), join(easyfaas, 'runner'));
    writeStartFile(easyfaas);
    this.#process = spawn(join(easyfaas, 'runner'), args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'] ?? '',
        EASYFAAS_SOCKET: this.controller.socketPath,
        EASYFAAS_TOKEN: TOKEN,
        EASYFAAS_RUNTIME_MANIFEST: manifestFile,
        SECRET_OF_THE_RUNNER: 'hidden',
        ...environment,
      },
    });
    return this.#process;
  }

  async attached(): Promise<void> {
    [this.runner, this.runtime] = await Promise.all([this.controller.attached('runner'), this.controller.attached('runtime')]);
  }

  /** Whoever starts one that does not attach has nothing to dispose of. */
  protected async attachedOrDisposed(): Promise<void> {
    try {
      await this.attached();
    } catch (error) {
      await this.dispose();
      throw error;
    }
  }

  /** Puts a fixture where user code is, as `index` unless told otherwise, and sends INIT. */
  sendInit(fixture: string, more: Partial<InitHeader> = {}, fileName = 'index'): void {
    const file = fixtureFile(this.runtimeInfo, fixture);
    if (file === undefined) throw new Error(`${this.runtimeInfo.name} has no fixture ${fixture}`);
    cpSync(file, join(this.taskFolder, `${fileName}${extname(file)}`));
    this.runtime.send(FrameType.INIT, 0, this.initHeader(more));
  }

  /** The same, and waits until the handler is loaded. */
  async init(fixture: string, more: Partial<InitHeader> = {}, fileName?: string): Promise<ReceivedFrame> {
    this.sendInit(fixture, more, fileName);
    return this.runtime.next(FrameType.INIT_DONE);
  }

  initHeader(more: Partial<InitHeader> = {}): InitHeader {
    return {
      functionName: 'fixture',
      functionVersion: '$LATEST',
      functionArn: 'brn:cloud:faas:test:account:function:fixture',
      handler: 'index.handler',
      memoryMb: 128,
      timeoutMs: 30_000,
      concurrency: 1,
      env: {},
      taskRoot: this.taskFolder,
      network: 'none',
      ...more,
    };
  }

  /** Sends INVOKE and returns its stream. */
  sendInvoke(event: unknown, options: CallOptions = {}): number {
    const stream = ++this.#stream;
    const header: InvokeHeader = { requestId: `request-${stream}`, nonce: `nonce-${stream}`, remainingMs: 30_000, ...options };
    this.runtime.send(FrameType.INVOKE, stream, header, Buffer.isBuffer(event) ? event : JSON.stringify(event));
    return stream;
  }

  /** Waits for the answer of a call. */
  async answer(stream: number, deadlineMs = 20_000): Promise<CallAnswer> {
    const { runtime } = this;
    const isAnswer = (frame: ReceivedFrame) =>
      frame.stream === stream && (frame.type === FrameType.RESULT || frame.type === FrameType.ERROR);
    const frame = await runtime.nextMatching(isAnswer, `answer on stream ${stream}`, deadlineMs);
    expect(frame.header['nonce']).toBe(`nonce-${stream}`);
    const logFrames = runtime.pending(FrameType.LOG, stream);
    return {
      type: frame.type === FrameType.RESULT ? 'result' : 'error',
      header: frame.header,
      body: frame.body,
      log: Buffer.concat(logFrames.map(({ body }) => body)).toString(),
      logFrames,
    };
  }

  async call(event: unknown, options: CallOptions = {}): Promise<CallAnswer> {
    return this.answer(this.sendInvoke(event, options));
  }

  /** The JSON of a call that must succeed. */
  async result(event: unknown, options: CallOptions = {}): Promise<unknown> {
    const answer = await this.call(event, options);
    if (answer.type === 'error') throw new Error(`the call failed: ${answer.body.toString()}`);
    return JSON.parse(answer.body.toString());
  }

  /** The error of a call that must fail. */
  async failure(event: unknown, options: CallOptions = {}): Promise<{ errorType: string; errorMessage: string; trace: string[] }> {
    return failureOf(await this.call(event, options));
  }

  /** The runtime process, by its HELLO or, when that was taken, by /proc. */
  async runtimePid(): Promise<number> {
    const hello = await this.runtime.next(FrameType.HELLO);
    return hello.header['pid'] as number;
  }

  async dispose(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    }
    await this.controller.dispose();
    rmSync(this.controller.directory, { recursive: true, force: true });
  }
}

/** The language's own error object, with its stack under one name. */
export function failureOf(answer: Pick<CallAnswer, 'type' | 'header' | 'body'>): {
  errorType: string;
  errorMessage: string;
  trace: string[];
} {
  if (answer.type !== 'error') throw new Error(`the call succeeded: ${answer.body.toString().slice(0, 200)}`);
  return errorObject(answer);
}

export function errorObject({ header, body }: Pick<ReceivedFrame, 'header' | 'body'>): {
  errorType: string;
  errorMessage: string;
  trace: string[];
} {
  const error = JSON.parse(body.toString()) as { errorType: string; errorMessage: string; trace?: string[]; stackTrace?: string[] };
  expect(header['errorType']).toBe(error.errorType);
  return { errorType: error.errorType, errorMessage: error.errorMessage, trace: error.trace ?? error.stackTrace ?? [] };
}

/** Resident memory of a process, KiB; 0 when it has ended. */
export function rssKb(pid: number): number {
  const file = `/proc/${pid}/status`;
  return existsSync(file) ? Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) : 0;
}

export function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  // A zombie has ended: only its parent has not looked yet.
  return existsSync(file) && !/\) Z /.test(readFileSync(file, 'latin1'));
}
