import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { wholeNumber } from '../option-values';
import type { OpenSession, Session } from '../program';
import { formatAge } from '../format';
import type { Output } from '../output';
import { renderTable } from '../table';

interface PoolContainer {
  containerId: string;
  state: string;
  reason: string;
  runtime: string;
  memoryMb: number;
  createdAtMs: number;
  inFlight?: number;
  concurrency?: number;
  assignment?: { functionName: string; accountId: string; version: string };
  stats?: { memoryBytes?: number };
  history?: { from: string | null; to: string; reason: string; atMs: number }[];
}

interface Shelf {
  runtime: string;
  network: string;
  classMb: number;
  tmpMb?: number;
  cold: number;
  creating: number;
  target: number;
  reason: string;
  lastFailure?: { message: string };
}

interface Pool {
  containers: PoolContainer[];
  max: number;
  counts: Record<string, number>;
  /** One per kind of cold container. */
  shelves: Shelf[];
  waiting: { accountId: string; functionName: string; calls: number }[];
}

const REFRESH_MS = 1000;
/** Home, then each line is cleared as it is written, then what was below: nothing flickers. */
const HOME = '\x1b[H';
const CLEAR_SCREEN = '\x1b[2J';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export function registerPool(program: Command, open: OpenSession): void {
  const pool = program.command('pool').description('the containers of this pod (needs the admin key)');

  pool
    .command('ls', { isDefault: true })
    .description('a live table in a terminal, until Ctrl-C')
    .option('--once', 'print it once')
    .action(async ({ once }: { once?: boolean }, command: Command) => {
      const session = open(command);
      const { output, api } = session;
      if (output.isLive && once !== true) return watch(session);
      const now = await api.json<Pool>('/v1/pool');
      output.result(now, () => render(now, output));
    });

  pool
    .command('show')
    .description('one container, with its history')
    .argument('<container-id>')
    .action(async (containerId: string, _options: object, command: Command) => {
      const { output, api } = open(command);
      const container = await api.json<PoolContainer>(containerPath(containerId));
      output.result(container, () => output.foreign(JSON.stringify(container, null, 2)));
    });

  for (const verb of ['drain', 'reborn'] as const) {
    pool
      .command(verb)
      .description(
        verb === 'drain' ? 'let its calls finish, then destroy it' : 'have another one of its function warmed up first, then as drain',
      )
      .argument('<container-id>')
      .action(async (containerId: string, _options: object, command: Command) => {
        const { output, api } = open(command);
        const container = await api.json<PoolContainer>(`${containerPath(containerId)}/${verb}`, { method: 'POST' });
        output.result(container, () => `${containerId}  ${container.state}`);
      });
  }

  pool
    .command('resize')
    .description('change the memory limit of a running container')
    .argument('<container-id>')
    .argument('<MB>', 'new limit', wholeNumber)
    .action(async (containerId: string, memoryMb: number, _options: object, command: Command) => {
      const { output, api } = open(command);
      const container = await api.json<PoolContainer>(containerPath(containerId), { method: 'PATCH', body: { memoryMb } });
      output.result(container, () => `${containerId}  ${container.memoryMb} MB`);
    });
}

const containerPath = (containerId: string): string => `/v1/pool/${encodeURIComponent(containerId)}`;

async function watch({ output, api, io }: Session): Promise<void> {
  const abort = new AbortController();
  io.once('SIGINT', () => abort.abort());
  output.raw(CLEAR_SCREEN);
  while (!abort.signal.aborted) {
    const text = render(await api.json<Pool>('/v1/pool'), output);
    output.raw(HOME + text.split('\n').join(`${CLEAR_LINE}\n`) + CLEAR_LINE + CLEAR_BELOW);
    await sleep(REFRESH_MS, undefined, { signal: abort.signal }).catch((error: unknown) => {
      if (!abort.signal.aborted) throw error;
    });
  }
  output.line();
}

function render({ containers, max, shelves, waiting }: Pool, output: Output, nowMs = Date.now()): string {
  const { colors } = output;
  const paint: Record<string, (text: string) => string> = {
    warm: colors.green,
    cold: colors.cyan,
    paused: colors.blue,
    resetting: colors.red,
  };
  const inOrder = [...containers].sort((a, b) => a.createdAtMs - b.createdAtMs);
  const table = renderTable(
    inOrder,
    [
      { title: 'container', value: ({ containerId }) => containerId },
      { title: 'state', value: ({ state }) => state, paint: (text, { state }) => (paint[state] ?? colors.yellow)(text) },
      { title: 'function', value: ({ assignment }) => assignment?.functionName },
      { title: 'runtime', value: ({ runtime }) => runtime },
      {
        title: 'calls',
        value: ({ inFlight, concurrency }) => (concurrency === undefined ? undefined : `${inFlight ?? 0}/${concurrency}`),
        align: 'right',
      },
      {
        title: 'memory',
        value: ({ stats, memoryMb }) =>
          `${stats?.memoryBytes === undefined ? '?' : Math.round(stats.memoryBytes / 1048576)}/${memoryMb} MB`,
        align: 'right',
      },
      { title: 'age', value: ({ createdAtMs }) => formatAge(nowMs - createdAtMs), align: 'right' },
      { title: 'why', value: ({ reason }) => reason },
    ],
    colors,
  );
  // Kinds that nobody asks for, such as containers with a network on a machine without functions that want one, are left out.
  const sizes = shelves
    .filter(({ cold, creating, target }) => cold + creating + target > 0)
    .map(({ runtime, network, classMb, tmpMb, cold, creating, target, reason, lastFailure }) => {
      const kind = `${runtime} ${classMb} MB${network === 'none' ? '' : `, ${network}`}${tmpMb === undefined ? '' : `, ${tmpMb} MB of /tmp`}`;
      const failure = lastFailure === undefined ? '' : `  ${colors.red(output.foreign(lastFailure.message))}`;
      return `${kind}: ${cold} cold${creating > 0 ? `, ${creating} coming` : ''}, ${target} wanted  ${colors.dim(reason)}${failure}`;
    });
  const lines = waiting.map(({ functionName, calls }) => colors.yellow(`${calls} calls wait for ${output.foreign(functionName)}`));
  return [colors.bold(`${containers.length} of at most ${max} containers`), ...sizes, ...lines, '', table].join('\n');
}
