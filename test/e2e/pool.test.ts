import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually';
import { expectError } from '../support/platform-error';
import { repositoryRoot } from '../support/repository';
import { type Language, call, callJson, deploy, docker, invoke, removeDeployments, stack } from '../support/stack';

afterAll(removeDeployments);

const MIB = 1024 * 1024;

interface Shown {
  containerId: string;
  dockerId: string;
  state: string;
  memoryMb: number;
  stateSinceMs: number;
  history: { from: string | null; to: string; reason: string; atMs: number }[];
}

async function shown(containerId: string): Promise<Shown> {
  const answer = await call(`/v1/pool/${containerId}`);
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
  return answer.json<Shown>();
}

/** Memory as the kernel, Docker and the funclet's ledger have it, MB. */
async function limitsOf(containerId: string): Promise<{ kernel: number; docker: string; shown: number }> {
  const { dockerId, memoryMb } = await shown(containerId);
  const pid = await docker('inspect', '--format', '{{.State.Pid}}', dockerId);
  const group = /^\d+:memory:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
  const path = group === undefined ? `/sys/fs/cgroup/docker/${dockerId}/memory.max` : `/sys/fs/cgroup/memory${group}/memory.limit_in_bytes`;
  const both = await docker('inspect', '--format', '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}', dockerId);
  return { kernel: Number(readFileSync(path, 'utf8')) / MIB, docker: both, shown: memoryMb };
}

const containerOf = (answer: { headers: Headers }): string => answer.headers.get('x-easyfaas-container') ?? '';

/** Tells its process and its memory; takes `event.mb` MB for good. */
const TELLS: Record<Language, string> = {
  nodejs20: `const keep = [];
exports.handler = async ({ mb = 0, ms = 0 }, context) => {
  while (keep.length * 4 < mb) keep.push(Buffer.alloc(4 << 20, 1));
  if (ms) await new Promise((done) => setTimeout(done, ms));
  return [process.pid, Number(context.memoryLimitInMB)];
};`,
  python3: `import os, time
keep = []
def handler(event, context):
    while len(keep) * 4 < event.get('mb', 0): keep.append(b'x' * (4 << 20))
    time.sleep(event.get('ms', 0) / 1000)
    return [os.getpid(), int(context.memory_limit_in_mb)]
`,
};

describe.each<Language>(['nodejs20', 'python3'])('the memory of a warm container of %s', (runtime) => {
  it('follows its function without a restart, up and down, also while a call runs', async () => {
    const name = await deploy({ runtime, source: TELLS[runtime], memoryMb: 256, timeoutSeconds: 30 });
    const setMemory = async (memoryMb: number): Promise<void> => {
      const answer = await callJson('PUT', `/v1/functions/${name}/configuration`, { MemorySize: memoryMb });
      expect(answer.status).toBe(200);
    };
    const first = await invoke(name);
    const [pid] = first.json<number[]>();
    expect(first.json()).toEqual([pid, 256]);
    for (const memoryMb of [512, 200]) {
      await setMemory(memoryMb);
      const next = await invoke(name, { mb: 40 });
      expect(next.json()).toEqual([pid, memoryMb]);
      expect(containerOf(next)).toBe(containerOf(first));
      await eventually(async () => {
        expect(await limitsOf(containerOf(next))).toEqual({
          kernel: memoryMb,
          docker: `${memoryMb * MIB} ${memoryMb * MIB}`,
          shown: memoryMb,
        });
      }, 15_000);
    }
    const running = invoke(name, { ms: 4000 });
    await eventually(async () => expect((await call(`/v1/pool/${containerOf(first)}`)).json()).toMatchObject({ inFlight: 1 }), 20_000);
    await setMemory(640);
    expect((await running).json()).toEqual([pid, expect.anything()]);
    expect((await invoke(name, { mb: 300 })).json()).toEqual([pid, 640]);
    // It uses too much for this: the next call gets another one, with the right limit.
    await setMemory(128);
    const other = await invoke(name);
    expect(other.json()).toEqual([expect.anything(), 128]);
    expect(containerOf(other)).not.toBe(containerOf(first));
  }, 120_000);
});

describe('an operator', () => {
  it('changes the memory of one container, and is refused with figures when it is in use', async () => {
    const name = await deploy({ source: TELLS.nodejs20, memoryMb: 512, timeoutSeconds: 30 });
    const containerId = containerOf(await invoke(name, { mb: 200 }));
    const raised = await eventually(async () => {
      const answer = await callJson('PATCH', `/v1/pool/${containerId}`, { memoryMb: 700 });
      expect(answer.status).toBe(200);
      return answer;
    }, 10_000);
    expect(raised.json()).toMatchObject({ memoryMb: 700 });
    expect((await limitsOf(containerId)).kernel).toBe(700);
    const refused = await callJson('PATCH', `/v1/pool/${containerId}`, { memoryMb: 128 });
    expectError(refused, 'MEMORY_BUSY');
    expect(refused.text).toMatch(/uses \d+ MB; with headroom it needs \d+ MB, more than the wanted 128 MB/);
    expect((await limitsOf(containerId)).kernel).toBe(700);
  });

  it('reads what became of a container, each step with its reason and time, also when it is gone', async () => {
    const name = await deploy({ source: TELLS.nodejs20 });
    const containerId = containerOf(await invoke(name));
    expect((await call(`/v1/pool/${containerId}/drain`, { method: 'POST' })).status).toBe(200);
    const { history } = await eventually(async () => {
      const view = await shown(containerId);
      expect(view.state).toBe('gone');
      return view;
    }, 30_000);
    expect(history.map(({ to }) => to).filter((to) => to !== 'paused')).toEqual([
      'creating',
      'cold',
      'warming',
      'warm',
      'resetting',
      'gone',
    ]);
    for (const { reason, atMs } of history)
      expect({ reason: reason.length > 3, atMs: atMs > 1.7e12 }).toEqual({ reason: true, atMs: true });
    expect([...history].sort((a, b) => a.atMs - b.atMs)).toEqual(history);
    expect(history.at(-1)?.reason).toMatch(/operator/);
  });

  it('has a container followed by a warm one of its function before it goes', async () => {
    const name = await deploy({ source: TELLS.nodejs20 });
    const containerId = containerOf(await invoke(name));
    await eventually(async () => {
      expect((await call(`/v1/pool/${containerId}/reborn`, { method: 'POST' })).status).toBe(200);
    }, 30_000);
    await eventually(async () => expect((await shown(containerId)).state).toBe('gone'), 30_000);
    const next = await invoke(name);
    expect([next.headers.get('x-easyfaas-start'), containerOf(next) === containerId]).toEqual(['warm', false]);
    expect((await shown(containerId)).history.at(-1)?.reason).toMatch(/reborn by an operator/);
  });

  it('is told by `npm run up` of a cold container once there is one', () => {
    const lib = join(repositoryRoot, 'scripts/lib/api.mjs');
    const wish = { key: stack.key, runtime: 'nodejs20', withinMs: 50_000 };
    const program = `import { waitForColdContainer as wait } from ${JSON.stringify(lib)}; console.log(await wait('${stack.url}', ${JSON.stringify(wish)}));`;
    expect(execFileSync(process.execPath, ['--input-type=module', '--eval', program]).toString()).toBe('true\n');
  });

  it('sees how many cold containers of each kind there are, how many there should be, and why', async () => {
    const { shelves } = (await call('/v1/pool')).json<{ shelves: Record<string, unknown>[] }>();
    const node = shelves.find(({ runtime, classMb, network }) => runtime === 'nodejs20' && classMb === 128 && network === 'none');
    expect(node).toMatchObject({
      min: 2,
      cap: 8,
      target: expect.any(Number) as number,
      reason: expect.stringMatching(/cold calls\/s x \d+ ms/) as string,
    });
    expect(node?.['lastHour']).toMatchObject({ calls: expect.any(Number) as number, coldStarts: expect.any(Number) as number });
  });
});

/** Counts every 20 ms in the background. */
const COUNTS: Record<Language, string> = {
  nodejs20: `let count = 0; setInterval(() => count++, 20); exports.handler = async () => [process.pid, count];`,
  python3: `import os, threading, time
count = 0
def work():
    global count
    while True:
        time.sleep(0.02)
        count += 1
threading.Thread(target=work, daemon=True).start()
def handler(event, context): return [os.getpid(), count]
`,
};
const FROZEN_MS = 8000;

describe('an idle container', () => {
  it.each<Language>(['nodejs20', 'python3'])(
    'of %s is frozen: what its function left running stops, and the next call is a warm one',
    async (runtime) => {
      const name = await deploy({ runtime, source: COUNTS[runtime] });
      const first = await invoke(name);
      const [pid] = first.json<number[]>();
      const calledAtMs = Date.now();
      const { stateSinceMs } = await eventually(async () => {
        const view = await shown(containerOf(first));
        expect(view.state).toBe('paused');
        return view;
      }, 60_000);
      await eventually(() => expect(Date.now()).toBeGreaterThan(stateSinceMs + FROZEN_MS), 30_000);
      const next = await invoke(name);
      expect(next.headers.get('x-easyfaas-start')).toBe('warm');
      const [samePid, count = Infinity] = next.json<number[]>();
      expect(samePid).toBe(pid);
      // Had it gone on, there were 50 more for each second that it was frozen.
      expect(count).toBeLessThan((stateSinceMs - calledAtMs + FROZEN_MS / 2) / 20);
      expect((await shown(containerOf(first))).history.map(({ to }) => to)).toContain('paused');
    },
    120_000,
  );
});
