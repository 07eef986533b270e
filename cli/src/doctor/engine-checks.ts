import type { ApiClient } from '../api-client';
import { ApiError, CliError } from '../cli-error';
import { type Finding, bad, doubtful, good } from './check';

const READINESS_REMEDIES: Record<string, string> = {
  redis: 'Is Redis running? `docker compose ps redis` and its log; a full disk or maxmemory stops it too.',
  funclet: 'Is the funclet running? `docker compose logs funclet` says why it is not.',
  'admin key': 'The controller cannot read or write the key file: check the owner (10000) and the mode of the data directory.',
  lifecycle: 'It is stopping; wait until it has started again.',
};
const CLOCK_SKEW_MS = 5000;

/** What EasyFaaS says of itself. Ends early when it does not answer. */
export async function checkEngine(api: ApiClient, nowMs: () => number = Date.now): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    const { headers, bytes } = await api.send('/version');
    const { version } = JSON.parse(bytes.toString('utf8')) as { version: string };
    findings.push(good('EasyFaaS', `version ${version} at ${api.url}`), clock(headers.get('date'), nowMs()));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [bad('EasyFaaS', error.message, error.remedy ?? 'npm run up')];
  }
  findings.push(...(await readiness(api)), await key(api), ...(await pool(api)));
  return findings;
}

function clock(date: string | null, nowMs: number): Finding {
  const skewMs = Math.abs(nowMs - Date.parse(date ?? ''));
  if (Number.isNaN(skewMs)) return doubtful('Clock', 'the answer has no date', 'Something between us and EasyFaaS removes headers.');
  if (skewMs <= CLOCK_SKEW_MS) return good('Clock', 'agrees with this machine');
  return bad(
    'Clock',
    `differs from this machine by ${Math.round(skewMs / 1000)} s`,
    'Set both clocks, with chrony or systemd-timesyncd: signatures and schedules go by them.',
  );
}

async function readiness(api: ApiClient): Promise<Finding[]> {
  const response = await fetch(`${api.url}/readyz`);
  const { checks = [] } = (await response.json()) as { checks?: { name: string; ok: boolean; message?: string }[] };
  return checks.map(({ name, ok, message = '' }) =>
    ok ? good(name, 'ready') : bad(name, message, READINESS_REMEDIES[name] ?? 'docs/operations.md says what it needs.'),
  );
}

async function key(api: ApiClient): Promise<Finding> {
  if (!api.hasKey) return bad('Key', 'none was found', 'export EASYFAAS_KEY=$(sudo cat /var/lib/easyfaas/admin.key)');
  try {
    await api.send('/v1/functions', { query: { maxItems: 1 } });
    return good('Key', 'accepted');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 403) return doubtful('Key', error.message, 'It may still be good for invoking.');
    return bad('Key', error.message, 'export EASYFAAS_KEY=$(sudo cat /var/lib/easyfaas/admin.key)');
  }
}

interface Pool {
  containers: unknown[];
  max: number;
  shelves: { runtime: string; network: string; classMb: number; cold: number; target: number; lastFailure?: { message: string } }[];
}

async function pool(api: ApiClient): Promise<Finding[]> {
  try {
    const { containers, max, shelves } = await api.json<Pool>('/v1/pool');
    const full =
      containers.length >= max
        ? [doubtful('Pool', `${containers.length} of ${max} containers`, 'Raise EASYFAAS_POOL_MAX if the machine has room.')]
        : [];
    return [
      ...full,
      ...shelves
        .filter(({ cold, target }) => cold + target > 0)
        .map(({ runtime, network, classMb, cold, target, lastFailure }) => {
          const what = `Pool ${runtime}`;
          const seen = `${cold} cold containers of ${classMb} MB, network ${network}, ${target} wanted`;
          if (lastFailure === undefined) return good(what, seen);
          return bad(what, lastFailure.message, 'Build the images anew (npm run up); `docker compose logs funclet` has more.');
        }),
    ];
  } catch (error) {
    // Only operators see the pool.
    if (error instanceof ApiError) return [{ what: 'Pool', state: 'not looked at', seen: 'needs the admin key' }];
    throw error;
  }
}
