import { describeLocally } from '../support/describe-locally';
import { concludeRun } from '../support/conclude-run';
import { eventually } from '../support/eventually';
import { LEDGER_HANDLER } from '../support/ledger';
import { LocalStack } from '../support/local-stack';

let stack: LocalStack;

interface RecentEnd {
  containerId: string;
  reason: string;
}

async function recentEnds(): Promise<RecentEnd[]> {
  return (await stack.client.call('/v1/pool')).json<{ recentEnds: RecentEnd[] }>().recentEnds;
}

/** A shell in the container, as the function's own user; the brackets keep its command line from matching itself. */
function signalInside(dockerId: string, signal: string, what: 'bootstrap' | 'runner'): void {
  const pattern = what === 'runner' ? '[r]unner' : '[b]ootstrap';
  const pids = `$(grep -l '${pattern}' /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | grep -v '^1$')`;
  stack.docker('exec', dockerId, 'sh', '-c', `kill -${signal} ${pids}`);
}

const HANDLER = `${LEDGER_HANDLER}\nprocess.on('SIGUSR2', () => { for (;;); });
process.on('SIGHUP', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));`;

const FAULTS: [string, string, (dockerId: string) => void, RegExp][] = [
  ['F7', 'container frozen by hand', (id) => stack.docker('pause', id), /^unhealthy: the runner was silent/],
  ['F7', 'runner stopped (SIGSTOP)', (id) => signalInside(id, 'STOP', 'runner'), /^unhealthy: the runner was silent/],
  [
    'F7',
    'idle runtime stopped (SIGSTOP)',
    (id) => signalInside(id, 'STOP', 'bootstrap'),
    /^unhealthy: the runtime process was stopped by a signal/,
  ],
  [
    'F7',
    'idle runtime that spins',
    (id) => signalInside(id, 'USR2', 'bootstrap'),
    /^unhealthy: the runtime process (did nothing but run|did not answer) for/,
  ],
  [
    'F7',
    'idle runtime that stands still in a system call',
    (id) => signalInside(id, 'HUP', 'bootstrap'),
    /^unhealthy: the runtime process (stood still|did not answer) for/,
  ],
  ['F5', 'runtime killed (SIGKILL)', (id) => signalInside(id, 'KILL', 'bootstrap'), /^runtime ended: SIGKILL/],
  ['F4', 'container killed', (id) => stack.docker('kill', id), /^(runtime ended|connection lost)/],
  ['F14', 'container removed by hand', (id) => stack.docker('rm', '--force', id), /^(runtime ended|connection lost)/],
];

describeLocally('a warm container that is not well', () => {
  beforeAll(async () => {
    stack = await LocalStack.start({ env: { EASYFAAS_POOL_MIN: 'nodejs20=2,python3=1', EASYFAAS_PAUSE_AFTER_S: 'off' } });
    await stack.untilFilled();
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
  }, 60_000);

  it.each(FAULTS)(
    '%s, %s: is noticed without a call, replaced, and the reason is shown',
    async (fault, injected, inject, reason) => {
      const { client } = stack;
      const name = await client.deploy({ source: `${HANDLER} // ${injected}`, timeoutSeconds: 20 });
      const run = await stack.newRun();
      expect((await run.call(name)).kind).toBe('ok');
      const { containerId, dockerId } = await client.containerOf(name);
      const startedAt = performance.now();
      inject(dockerId);
      const end = await eventually(async () => {
        const found = (await recentEnds()).find((each) => each.containerId === containerId);
        if (found === undefined) throw new Error(`${containerId} has not ended: ${JSON.stringify(await recentEnds())}`);
        return found;
      }, 20_000);
      const noticedAfterMs = Math.round(performance.now() - startedAt);
      expect(end.reason).toMatch(reason);

      const next = await run.call(name);
      expect({ kind: next.kind, start: next.start }).toEqual({ kind: 'ok', start: 'cold' });
      await concludeRun(stack, run, { fault, injected: `${injected}, idle`, measured: { noticedAfterMs } });
      await client.remove(name);
      await stack.untilFilled();
    },
    60_000,
  );
});
