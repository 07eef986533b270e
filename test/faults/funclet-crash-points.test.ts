import { describeLocally } from '../support/describe-locally';
import { concludeRun } from '../support/conclude-run';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually';
import { LEDGER_HANDLER } from '../support/ledger';
import { LocalStack } from '../support/local-stack';

let stack: LocalStack;
let busy: string;

/** What a cold call may hear while its funclet dies and comes back. */
const COLD_ALLOWED = ['ok', 'FUNCLET_UNAVAILABLE', 'RUNTIME_UNAVAILABLE', 'RUNTIME_LOST', 'ENGINE_UNAVAILABLE', 'DEADLINE_EXCEEDED'];
const MiB = 1024 * 1024;
/** How often the funclet is killed at each place; EASYFAAS_FAULT_REPEATS=20 is the long run. */
const REPEATS = Number(process.env['EASYFAAS_FAULT_REPEATS'] ?? 1);

/** Replaces the funclet by one that dies at the place. */
async function arm(failpoint: string): Promise<void> {
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    // What is still to be reset or made would be done by the armed one, which then dies before the test begins.
    await stack.untilFilled();
    expect(await stack.settledOrphans()).toEqual([]);
    await stack.funclet.kill();
    const armed = stack.startFunclet({ EASYFAAS_UNSAFE: '1', EASYFAAS_FAILPOINTS: failpoint });
    await Promise.race([stack.untilReady(), armed.ended]);
    if (armed.isRunning) return;
    await diesAndComesBack();
  }
  throw new Error(`the funclet always died at ${failpoint} before it was ready`);
}

async function diesAndComesBack(): Promise<void> {
  const { signal } = await stack.funclet.ended;
  expect(signal).toBe('SIGKILL');
  stack.startFunclet();
  await stack.untilReady();
}

/** The limit in Docker's record, in the control group and in the pool's view are one. */
function limitsOf(dockerId: string, containerId: string): { docker: number; record: number } {
  const docker = Number(stack.docker('inspect', '--format', '{{.HostConfig.Memory}}', dockerId)) / MiB;
  const text = readFileSync(join(stack.dataDirectory, 'containers', containerId, 'state.json'), 'utf8');
  return { docker, record: (JSON.parse(text) as { view: { memoryMb: number } }).view.memoryMb };
}

describeLocally('kill -9 of the funclet', () => {
  beforeAll(async () => {
    stack = await LocalStack.start({ env: { EASYFAAS_POOL_MIN: 'nodejs20=2,python3=0' } });
    await stack.untilFilled();
    busy = await stack.client.deploy({ source: LEDGER_HANDLER, concurrency: 4, timeoutSeconds: 20 });
    expect((await stack.client.invoke(busy, { id: 'first' })).status).toBe(200);
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
  }, 60_000);

  const places: [failpoint: string, words: string][] = [
    ['init-created', 'after Docker made a container and before its record knows it'],
    ['init-started', 'right after a container was started'],
    ['warm-up-recorded', 'between the record of a warm-up and its memory and code'],
    ['warm-up-mounted', 'after code was mounted and before the controller heard of it'],
    ['reset-recorded', 'before a container is removed'],
    ['reset-removed', 'after a container was removed and before its mounts are'],
    ['reset-cleaned', 'at the very end of a reset'],
  ];
  it.each(Array.from({ length: REPEATS }, () => places).flat())(
    '%s: %s',
    async (failpoint, words) => {
      const { client } = stack;
      const cold = await client.deploy({ source: `${LEDGER_HANDLER} // ${failpoint}`, timeoutSeconds: 20 });
      await stack.untilFilled();
      await arm(failpoint);
      const run = await stack.newRun();
      run.load([busy], { clients: 3, ms: 20, pauseMs: 10 });
      // The call takes a cold container, whose place is filled by init; the drain ends in a reset.
      const first = run.call(cold);
      if (failpoint.startsWith('reset')) {
        // A reset of the pool's own may have come first.
        if ((await first).kind === 'ok') await client.drain((await client.containerOf(cold)).containerId);
      }
      if (failpoint.startsWith('init')) {
        // After a time of demand there are more cold ones than have to be, and none would be made.
        const cold = (await client.pool()).filter(({ state }) => state === 'cold');
        for (const { containerId } of cold) await client.drain(containerId);
      }
      await diesAndComesBack();
      expect(COLD_ALLOWED).toContain((await first).kind);
      await eventually(async () => expect((await run.call(cold)).kind).toBe('ok'), 20_000);
      const endings = await run.finish();
      expect(endings.filter(({ name, kind }) => name === busy && kind !== 'ok')).toEqual([]);
      await concludeRun(stack, run, { fault: 'F3', injected: `funclet killed ${words}` });
      await stack.untilFilled();
      await client.remove(cold);
    },
    180_000,
  );

  it('in the middle of a change of memory leaves the old limit or the new one, and all agree on which', async () => {
    const { client } = stack;
    const name = await client.deploy({ source: `${LEDGER_HANDLER} // memory`, memoryMb: 128, timeoutSeconds: 20 });
    await arm('resize-applied');
    const run = await stack.newRun();
    expect((await run.call(name)).kind).toBe('ok');
    const { dockerId, containerId } = await client.containerOf(name);
    run.load([name], { clients: 1, ms: 5, pauseMs: 10 });
    const change = stack.askFunclet('PATCH', `/v1/containers/${containerId}`, { operationId: 'op-resize', memoryMb: 256 });
    await expect(change).rejects.toThrow();
    await diesAndComesBack();
    await eventually(() => {
      const { docker, record } = limitsOf(dockerId, containerId);
      expect([128, 256]).toContain(record);
      expect(docker).toBe(record);
    }, 15_000);
    await run.finish();
    expect(run.tally).toEqual({ ok: run.endings.length });
    await concludeRun(stack, run, { fault: 'F3', injected: 'funclet killed during a change of memory' });
  }, 90_000);
});
