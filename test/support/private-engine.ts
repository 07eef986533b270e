import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually';
import { ServiceProcess } from './service-process';
import { takeAllSteps } from './take-all-steps';

const run = promisify(execFile);

/** The images that functions run in, by the tag under test. */
const IMAGES = ['easyfaas/runtime-nodejs20', 'easyfaas/runtime-python3'].map(
  (name) => `${name}:${process.env['EASYFAAS_IMAGE_TAG'] ?? 'latest'}`,
);

/**
 * A Docker Engine of its own, for tests that kill it: the machine's engine, which others use, is never touched. It makes no
 * network and no firewall rules, and has a containerd of its own. It runs in a network namespace of its own, too: a dockerd that is
 * told to have no bridge removes the `docker0` that it finds, which is that of the machine's engine.
 */
export class PrivateEngine {
  readonly #directory: string;
  #daemon: ServiceProcess | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Starts one with the runtime images of the machine's engine. */
  static async start(images: readonly string[] = IMAGES): Promise<PrivateEngine> {
    const engine = new PrivateEngine(mkdtempSync(join(tmpdir(), 'efe-')));
    try {
      await engine.startDaemon();
      engine.#load(images);
      return engine;
    } catch (error) {
      const words = engine.#daemon?.log.split('\n').slice(-20).join('\n') ?? '';
      await engine.stop();
      throw new Error(`the private Docker Engine did not start:\n${words}`, { cause: error });
    }
  }

  get socketPath(): string {
    return join(this.#directory, 'docker.sock');
  }

  get daemon(): ServiceProcess {
    if (this.#daemon === undefined) throw new Error('the private Docker Engine was not started');
    return this.#daemon;
  }

  /** Starts dockerd again after it was killed, on what it left. */
  async startDaemon({ liveRestore = false } = {}): Promise<void> {
    const path = (name: string): string => join(this.#directory, name);
    const pidFile = path('docker.pid');
    rmSync(pidFile, { force: true });
    mkdirSync(path('root'), { recursive: true });
    const args = ['--data-root', path('root'), '--exec-root', path('exec'), '--pidfile', pidFile, '-H', `unix://${this.socketPath}`];
    const quiet = ['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
    // Where containerd is a service of the machine, it is shared: its names are kept apart.
    const names = basename(this.#directory);
    const apart = ['--containerd-namespace', names, '--containerd-plugins-namespace', `${names}-plugins`];
    const options = { env: process.env, cwd: this.#directory, logPath: path('dockerd.log') };
    const start = (): ServiceProcess =>
      new ServiceProcess('unshare', ['--net', 'dockerd', ...args, ...quiet, ...apart, ...(liveRestore ? ['--live-restore'] : [])], options);
    this.#daemon = start();
    await eventually(
      async () => {
        // What the one before left may be in the way for a moment; an init system would start it again, too.
        if (!this.daemon.isRunning) {
          rmSync(pidFile, { force: true });
          this.#daemon = start();
        }
        await run('docker', ['-H', `unix://${this.socketPath}`, 'version'], { timeout: 10_000 });
      },
      120_000,
      500,
    );
  }

  docker(...args: string[]): string {
    const env = { ...process.env, DOCKER_HOST: `unix://${this.socketPath}` };
    return execFileSync('docker', args, { env, timeout: 120_000, stdio: ['ignore', 'pipe', 'pipe'] })
      .toString()
      .trim();
  }

  /** Ends it with all that it runs, and removes all that it made. */
  async stop(): Promise<void> {
    const daemon = this.#daemon;
    const ofDaemon = (): void => {
      daemon?.signal('SIGCONT');
      const ids = this.docker('ps', '--all', '--quiet').split('\n').filter(Boolean);
      if (ids.length > 0) this.docker('rm', '--force', ...ids);
    };
    const isRunning = daemon?.isRunning === true;
    await takeAllSteps('stop the private Docker Engine', [
      ...(isRunning ? [ofDaemon, () => daemon.stop(20_000)] : []),
      () => this.#endContainerd(),
      () => {
        for (const path of mountsBelow(this.#directory)) execFileSync('umount', ['-l', path]);
      },
      () => rmSync(this.#directory, { recursive: true, force: true }),
    ]);
  }

  /** containerd outlives a dockerd that was killed; the next dockerd takes it over, the last one leaves it to us. */
  async #endContainerd(): Promise<void> {
    const pidFile = join(this.#directory, 'exec', 'containerd', 'containerd.pid');
    if (!existsSync(pidFile)) return;
    const pid = Number(readFileSync(pidFile, 'utf8'));
    const commandLine = `/proc/${pid}/cmdline`;
    if (!existsSync(commandLine) || !readFileSync(commandLine, 'utf8').includes(this.#directory)) return;
    process.kill(pid, 'SIGKILL');
    await eventually(() => {
      if (existsSync(commandLine) && readFileSync(commandLine, 'utf8') !== '') throw new Error(`containerd ${pid} is still there`);
    }, 10_000);
  }

  #load(images: readonly string[]): void {
    const pipe = `docker save ${images.join(' ')} | docker -H unix://${this.socketPath} load`;
    execFileSync('sh', ['-ec', pipe], { stdio: ['ignore', 'ignore', 'inherit'], timeout: 180_000 });
  }
}

/** Deepest first. */
function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}
