import { eventually } from '../support/eventually';
import { observe } from '../support/load';
import { expectNoOrphans, instanceId } from '../support/orphans';
import { controllerStartSeconds, untilReady } from '../support/services';
import {
  type Answer,
  type Language,
  type PoolContainer,
  deploy,
  docker,
  invoke,
  poolContainers,
  removeDeployments,
} from '../support/stack';

const SLEEPS: Record<Language, string> = {
  nodejs20: `exports.handler = (event) => new Promise((resolve) => setTimeout(resolve, event.ms ?? 0, 'slept'));`,
  python3: `import time\ndef handler(event, context):\n    time.sleep(event.get('ms', 0) / 1000)\n    return 'slept'\n`,
};

let instance: string;
let controllerStart: number;

beforeAll(async () => {
  await untilReady();
  instance = await instanceId();
  controllerStart = await controllerStartSeconds();
});

afterAll(async () => {
  await removeDeployments();
  await expectNoOrphans(instance, 30_000);
  expect(await controllerStartSeconds()).toBe(controllerStart);
});

async function containerOf(name: string): Promise<PoolContainer & { dockerId: string }> {
  const view = (await poolContainers()).find((each) => each.assignment?.functionName === name);
  if (view?.dockerId === undefined) throw new Error(`no container serves ${name}`);
  return { ...view, dockerId: view.dockerId };
}

/** Starts a long call and waits until it runs. */
async function startLongCall(
  name: string,
): Promise<{ ended: ReturnType<typeof observe>; container: PoolContainer & { dockerId: string } }> {
  const ended = observe(name, { ms: 20_000 }, 60_000);
  const container = await eventually(async () => {
    const found = await containerOf(name);
    expect(found.inFlight).toBe(1);
    return found;
  }, 15_000);
  return { ended, container };
}

/** Ends the runtime process of a container from inside, as the kernel or the user's own code could. */
async function killRuntime(dockerId: string): Promise<void> {
  // The brackets keep this command line itself from matching.
  await docker('exec', dockerId, 'sh', '-c', `kill -9 $(grep -l '[b]ootstrap' /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3)`);
}

/** The next call is served by another container, and the dead one is gone everywhere. */
async function expectReplaced(name: string, containerId: string): Promise<void> {
  const next: Answer = await invoke(name);
  expect({ status: next.status, text: next.text }).toEqual({ status: 200, text: '"slept"' });
  expect(next.headers.get('x-easyfaas-container')).not.toBe(containerId);
  await eventually(async () => expect((await poolContainers()).map((each) => each.containerId)).not.toContain(containerId), 20_000);
  await expectNoOrphans(instance);
}

describe.each<Language>(['nodejs20', 'python3'])('a container with a function of %s', (runtime) => {
  it('that is killed during a call is told to the caller within seconds, and replaced', async () => {
    const name = await deploy({ runtime, source: SLEEPS[runtime], timeoutSeconds: 60 });
    const { ended, container } = await startLongCall(name);
    await docker('kill', '--signal', 'KILL', container.dockerId);
    const outcome = await ended;
    expect(['RUNTIME_LOST', 'Runtime.ExitError']).toContain(outcome.kind);
    expect(outcome.tookMs).toBeLessThan(15_000);
    await expectReplaced(name, container.containerId);
  }, 90_000);

  it('whose runtime process is killed during a call says so, and is not used again', async () => {
    const name = await deploy({ runtime, source: SLEEPS[runtime], timeoutSeconds: 60 });
    const { ended, container } = await startLongCall(name);
    await killRuntime(container.dockerId);
    const outcome = await ended;
    expect(outcome.kind).toBe('Runtime.ExitError');
    expect(outcome.tookMs).toBeLessThan(15_000);
    await expectReplaced(name, container.containerId);
  }, 90_000);

  it('whose runtime process is killed between calls is replaced before anybody notices', async () => {
    const name = await deploy({ runtime, source: SLEEPS[runtime], timeoutSeconds: 10 });
    await invoke(name);
    const container = await containerOf(name);
    await killRuntime(container.dockerId);
    await eventually(
      async () => expect((await poolContainers()).map((each) => each.containerId)).not.toContain(container.containerId),
      20_000,
    );
    await expectReplaced(name, container.containerId);
  }, 90_000);

  it('that is removed by hand is noticed and replaced', async () => {
    const name = await deploy({ runtime, source: SLEEPS[runtime], timeoutSeconds: 10 });
    await invoke(name);
    const container = await containerOf(name);
    await docker('rm', '--force', container.dockerId);
    await eventually(
      async () => expect((await poolContainers()).map((each) => each.containerId)).not.toContain(container.containerId),
      20_000,
    );
    await expectReplaced(name, container.containerId);
  }, 90_000);
  it('that is frozen by hand lets its call end at the limit, and is replaced', async () => {
    const name = await deploy({ runtime, source: SLEEPS[runtime], timeoutSeconds: 2 });
    await invoke(name);
    const container = await containerOf(name);
    await docker('pause', container.dockerId);
    const outcome = await observe(name, {}, 60_000);
    expect(['Sandbox.Timedout', 'RUNTIME_LOST', 'ok']).toContain(outcome.kind);
    if (outcome.kind === 'ok') expect(outcome.containerId).not.toBe(container.containerId);
    await expectReplaced(name, container.containerId);
  }, 90_000);
});

describe('the waiting containers', () => {
  it('are made anew when all of them are removed by hand', async () => {
    const cold = (await poolContainers()).filter(({ state }) => state === 'cold');
    expect(cold.length).toBeGreaterThan(0);
    await docker('rm', '--force', ...cold.flatMap(({ dockerId }) => dockerId ?? []));
    const gone = new Set(cold.map(({ containerId }) => containerId));
    await eventually(async () => {
      const now = (await poolContainers()).filter(({ state }) => state === 'cold');
      expect(now.filter(({ containerId }) => gone.has(containerId))).toEqual([]);
      expect(new Set(now.map((each) => each.runtime))).toEqual(new Set(cold.map((each) => each.runtime)));
    }, 60_000);
    expect((await invoke(await deploy({ source: SLEEPS.nodejs20 }))).text).toBe('"slept"');
    await expectNoOrphans(instance);
  }, 120_000);
});

describe('a container that nobody asked for', () => {
  it('with the label of the installation is removed, and one without is left alone', async () => {
    const image = (await docker('inspect', '--format', '{{.Config.Image}}', (await poolContainers())[0]?.dockerId ?? '')).trim();
    const make = (label: string): Promise<string> =>
      docker(
        'run',
        '--detach',
        '--network',
        'none',
        '--label',
        label,
        '--label',
        'easyfaas.test-run=orphan',
        '--entrypoint',
        'sleep',
        image,
        '300',
      );
    const [labelled, other] = [await make(`easyfaas.instance=${instance}`), await make('easyfaas.instance=another-installation')];
    try {
      await eventually(async () => expect(await docker('ps', '--all', '--quiet', '--no-trunc')).not.toContain(labelled), 40_000, 500);
      expect(await docker('inspect', '--format', '{{.State.Running}}', other)).toBe('true');
    } finally {
      await docker('rm', '--force', other, labelled).catch((error: Error) => {
        if (!/No such container/.test(error.message)) throw error;
      });
    }
    await expectNoOrphans(instance);
  }, 90_000);
});
