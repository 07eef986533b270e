import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeLocally } from '../support/describe-locally';
import { eventually } from '../support/eventually';
import { repositoryRoot } from '../support/repository';
import { StackClient } from '../support/stack-client';

const TAG = process.env['EASYFAAS_IMAGE_TAG'] ?? 'latest';
/** What each start gets besides its own: one container of one language is enough. */
const SETTINGS = { EASYFAAS_RUNTIMES: 'nodejs20', EASYFAAS_POOL_MIN: 'nodejs20=1' };
const SOURCE = `exports.handler = async (event) => ({ hello: event.name });`;
const docker = (...args: string[]): string => execFileSync('docker', args).toString().trim();
const script = (name: string): string => join(repositoryRoot, 'scripts', name);

interface Way {
  start(): void;
  /** Asks it to stop and waits. @returns its exit code */
  stop(): Promise<number>;
  /** Process id, as this machine sees it, of what starts and ends the programs. */
  supervisorPid(): number;
  output(): string;
  remove(): void;
}

interface Place {
  dataDirectory: string;
  label: string;
  listen: string;
}

class BareHost implements Way {
  readonly #place: Place;
  #process: ChildProcess | undefined;
  #output = '';

  constructor(place: Place) {
    this.#place = place;
  }

  start(): void {
    const { dataDirectory, label, listen } = this.#place;
    const env = { ...process.env, ...SETTINGS, EASYFAAS_LISTEN: listen, EASYFAAS_LABELS: label };
    this.#process = spawn(process.execPath, [script('start.mjs'), '--no-prepare', '--tag', TAG, '--data-dir', dataDirectory], { env });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream?.on('data', (text: string) => (this.#output += text));
  }

  async stop(): Promise<number> {
    const child = this.#process;
    if (child === undefined) return 0;
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
    child.kill('SIGTERM');
    return ended;
  }

  supervisorPid(): number {
    return this.#process?.pid ?? -1;
  }

  output(): string {
    return this.#output;
  }

  remove(): void {
    this.#process?.kill('SIGKILL');
  }
}

class AllInOne implements Way {
  readonly #place: Place;
  readonly #name: string;

  constructor(place: Place) {
    this.#place = place;
    this.#name = `easyfaas-${place.label.replace(/[^\w-]/g, '-')}`;
  }

  start(): void {
    const { dataDirectory, label, listen } = this.#place;
    if (docker('ps', '-aq', '--filter', `name=^${this.#name}$`) !== '') return void docker('start', this.#name);
    const settings = { ...SETTINGS, EASYFAAS_LISTEN: listen, EASYFAAS_LABELS: label };
    const env = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const args = ['--no-prepare', '--name', this.#name, '--tag', TAG, '--data-dir', dataDirectory, '--label', label, ...env];
    execFileSync(process.execPath, [script('all-in-one.mjs'), ...args], { stdio: 'pipe' });
  }

  stop(): Promise<number> {
    docker('stop', this.#name);
    return Promise.resolve(Number(docker('inspect', '--format', '{{.State.ExitCode}}', this.#name)));
  }

  supervisorPid(): number {
    // Below tini.
    const [pid = -1] = childrenOf(Number(docker('inspect', '--format', '{{.State.Pid}}', this.#name)));
    return pid;
  }

  output(): string {
    return docker('logs', '--tail', '40', this.#name);
  }

  remove(): void {
    docker('rm', '-f', '-v', this.#name);
  }
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');

/** @throws while there is no controller */
function controllerPid(way: Way): number {
  const pid = childrenOf(way.supervisorPid()).find((each) => /controller\/(dist\/)?main\.cjs/.test(commandOf(each)));
  if (pid === undefined) throw new Error('no controller');
  return pid;
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

const mountsBelow = (folder: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${folder}/`));

describeLocally.each([
  ['as processes of a bare host', 'bare', BareHost],
  ['as one container', 'one', AllInOne],
])('EasyFaaS %s', (_title, name, Start) => {
  const label = `easyfaas.test-run=${process.env['EASYFAAS_TEST_RUN'] ?? 'local'}-${process.pid}-${name}`;
  let folder: string;
  let place: Place;
  let way: Way;

  const client = async (): Promise<StackClient> => {
    const url = `http://${place.listen}`;
    return eventually(async () => {
      const answer = await fetch(`${url}/readyz`).catch((cause: unknown) => {
        throw new Error(`no answer; it wrote:\n${way.output().slice(-3000)}`, { cause });
      });
      if (answer.status !== 200) throw new Error(`${await answer.text()}; it wrote:\n${way.output().slice(-3000)}`);
      return new StackClient({ url, key: readFileSync(join(place.dataDirectory, 'admin.key'), 'utf8').trim() });
    }, 60_000);
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ef-way-'));
    // The programs' users have to get through to what is below.
    chmodSync(folder, 0o755);
    place = { dataDirectory: join(folder, 'data'), label, listen: await freeAddress() };
    way = new Start(place);
    way.start();
  }, 150_000);

  afterAll(() => {
    way.remove();
    const left = docker('ps', '-aq', '--filter', `label=${label}`).split('\n').filter(Boolean);
    if (left.length > 0) docker('rm', '-f', '-v', ...left);
    for (const path of [...mountsBelow(folder)].reverse()) execFileSync('umount', ['-l', path]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs a function, and an event', async () => {
    const api = await client();
    await api.deploy({ name: 'hello', source: SOURCE });
    expect((await api.invoke('hello', { name: 'you' })).json()).toEqual({ hello: 'you' });
    const accepted = await api.invoke('hello', { name: 'later' }, { headers: { 'X-Easyfaas-Invoke-Type': 'event' } });
    expect(accepted.status).toBe(202);
    const { requestId } = accepted.json<{ requestId: string }>();
    await eventually(async () => {
      const event = (await api.call(`/v1/invocations/${requestId}`)).json<{ status: string; result?: unknown }>();
      expect(event).toMatchObject({ status: 'succeeded', result: { hello: 'later' } });
    }, 60_000);
  });

  it('gives each program its user, and no rights but the one to mount to the funclet', () => {
    const facts = (pid: number): string => readFileSync(`/proc/${pid}/status`, 'utf8');
    const found = childrenOf(way.supervisorPid()).map((pid) => {
      const of = (field: string): string => new RegExp(`^${field}:\\t(\\S+)`, 'm').exec(facts(pid))?.[1] ?? '';
      return [of('Uid'), of('Gid'), of('CapEff'), of('CapBnd'), of('NoNewPrivs')].join(' ');
    });
    const none = '0000000000000000';
    const mounts = '0000000000200000';
    expect(found.sort()).toEqual(
      [`0 10000 ${mounts} ${mounts} 1`, `10000 10000 ${none} ${none} 1`, `10002 10000 ${none} ${none} 1`].sort(),
    );
  });

  it('starts a program again that was killed', async () => {
    const before = controllerPid(way);
    process.kill(before, 'SIGKILL');
    await eventually(() => expect(controllerPid(way)).not.toBe(before), 30_000);
    const api = await client();
    expect((await api.invoke('hello', { name: 'again' })).json()).toEqual({ hello: 'again' });
  });

  it('leaves nothing behind when it is stopped, and has its functions when it starts again', async () => {
    expect(await way.stop()).toBe(0);
    expect(docker('ps', '-aq', '--filter', `label=${label}`, '--filter', 'label=easyfaas.container')).toBe('');
    expect(readdirSync(join(place.dataDirectory, 'containers'))).toEqual([]);
    expect(mountsBelow(place.dataDirectory)).toEqual([]);
    way.start();
    const api = await client();
    expect((await api.invoke('hello', { name: 'kept' })).json()).toEqual({ hello: 'kept' });
    expect(await way.stop()).toBe(0);
  });
});
