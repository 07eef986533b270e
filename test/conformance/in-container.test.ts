import { execFileSync } from 'node:child_process';
import { FrameType } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { eachFixture, handlerRuntimes, runsSeveral, type HostRuntime } from './container';
import { DockerContainer, hasImage, TEST_RUN } from './docker-container';

/** Calls that leave a process behind: more than a container may have processes. EASYFAAS_SOAK=5000 is the long run. */
const ORPHANS = Number(process.env['EASYFAAS_SOAK'] ?? 200);

const here = handlerRuntimes().filter(hasImage);

afterAll(() => {
  if (here.length === 0) return;
  const left = execFileSync('docker', ['ps', '-aq', '--filter', `label=easyfaas.test-run=${TEST_RUN}`]).toString();
  expect(left).toBe('');
});

(here.length > 0
  ? describe.each(here.map((runtime): [string, HostRuntime] => [runtime.name, runtime]))
  : describe.skip.each([['no image', undefined as never]]))('%s in a locked container', (_name, runtime) => {
  let container: DockerContainer;
  /** Of optional languages the slow cases are left out: they are about the container more than about the language. */
  const isThorough = runtime?.manifest.isOptional !== true;

  beforeEach(async () => {
    container = await DockerContainer.startIn(runtime);
  }, 60_000);
  afterEach(() => container.dispose(), 60_000);

  const endOf = async (fixture: string): Promise<Record<string, unknown>> => {
    await container.init(fixture);
    container.sendInvoke({});
    return (await container.runner.next(FrameType.EXIT, 0, 60_000)).header;
  };

  it('runs as nobody, under an init, next to the runner', async () => {
    await container.init('returns');
    await expect(container.result({})).resolves.toEqual({ hello: 'world' });
    expect(container.processes()).toHaveLength(3);
  }, 60_000);

  it('can write nothing but /tmp', async () => {
    await container.init('writes-task');
    const refused = expect.stringMatching(/^(EROFS|EACCES)$/) as string;
    await expect(container.result({})).resolves.toEqual({
      task: refused,
      root: refused,
      runner: refused,
      socketFolder: refused,
      tmp: 'written',
    });
  }, 60_000);

  it('tells by EXIT that the kernel ended it for want of memory, and the runner lives', async () => {
    expect(await endOf('memory-hog')).toMatchObject({ oom: true, signal: 'SIGKILL', killed: false });
    container.runner.send(FrameType.PING, 1);
    expect((await container.runner.next(FrameType.PONG)).stream).toBe(1);
  }, 60_000);

  eachFixture(
    runtime,
    ['heap-hog'],
    'tells the same of the language’s own heap (%s)',
    async (fixture) => {
      expect(await endOf(fixture)).toMatchObject({ oom: true, killed: false });
    },
    60_000,
  );

  if (isThorough)
    it('loses a fork bomb to KILL, every process of it', async () => {
      // Memory for as many children as there may be, or the kernel ends the runtime before KILL does.
      await container.dispose();
      container = await DockerContainer.startIn(runtime, 512);
      await container.init('forks');
      container.sendInvoke({});
      await eventually(() => expect(container.processes().length).toBeGreaterThan(60), 20_000);
      container.runner.send(FrameType.KILL, 0, { reason: 'test' });
      expect((await container.runner.next(FrameType.EXIT)).header).toMatchObject({ killed: true });
      await eventually(() => expect(container.processes()).toHaveLength(2), 20_000);
    }, 60_000);

  it('loses a child in a session of its own to KILL', async () => {
    await container.init('leaves-child');
    await container.result({});
    expect(container.processes()).toHaveLength(4);
    container.runner.send(FrameType.KILL, 0, { reason: 'test' });
    await container.runner.next(FrameType.EXIT);
    await eventually(() => expect(container.processes()).toHaveLength(2), 20_000);
  }, 60_000);

  if (isThorough)
    it(
      'has no zombie of all the processes that its calls left to nobody',
      async () => {
        await container.init('leaves-orphan');
        for (let call = 0; call < ORPHANS; call++) await expect(container.result({})).resolves.toBe(0);
        await eventually(() => expect(container.processes()).toHaveLength(3), 20_000);
      },
      60_000 + ORPHANS * 100,
    );

  it('says in the log of the call that the kernel ended a child of it for want of memory, and goes on', async () => {
    await container.init('child-memory-hog');
    for (const payload of [{}, { throws: true }, {}]) {
      const stream = container.sendInvoke(payload);
      expect(await container.answer(stream)).toMatchObject({ type: payload.throws === true ? 'error' : 'result' });
      const log = container.runtime.pending(FrameType.LOG, stream).map(({ body }) => body.toString());
      expect(log.join('')).toMatch(/^\[easyfaas\] the kernel ended a child process: the container ran out of memory \(\d+ MB\)\n$/);
    }
    container.sendInvoke({ code: 3 });
    expect((await container.runner.next(FrameType.EXIT)).header).toMatchObject({ code: 3, signal: null, killed: false });
  }, 60_000);

  if (isThorough && runsSeveral(runtime))
    it('answers more calls at once than it may have processes', async () => {
      await container.init('sleeps', { concurrency: 300 });
      const streams = Array.from({ length: 300 }, () => container.sendInvoke({ ms: 300 }));
      for (const stream of streams) expect((await container.answer(stream)).type).toBe('result');
      // And still some at once afterwards.
      const slow = container.sendInvoke({ ms: 2000 });
      expect((await container.answer(container.sendInvoke({ ms: 1 }))).type).toBe('result');
      expect(container.runtime.pending(FrameType.RESULT, slow)).toEqual([]);
    }, 60_000);

  if (isThorough)
    it('ends within the grace period of docker stop', async () => {
      await container.init('ignores-sigterm');
      container.sendInvoke({});
      const startedAt = performance.now();
      execFileSync('docker', ['stop', '-t', '10', container.dockerId], { stdio: 'ignore' });
      expect(performance.now() - startedAt).toBeLessThan(9000);
    }, 60_000);
});
