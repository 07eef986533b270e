import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Target {
  subject: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface LoadResult {
  requestsPerSecond: number;
  /** Milliseconds. */
  p50Ms: number;
  p99Ms: number;
}

/**
 * Closed-loop load from wrk with one thread: it costs the shared cores the least of the generators tried.
 * @throws when any answer was not 2xx or a socket failed: a fast error is no throughput
 */
export async function load(target: Target, connections: number, seconds: number): Promise<LoadResult> {
  const directory = mkdtempSync(join(tmpdir(), 'easyfaas-bench-'));
  try {
    const script = join(directory, 'request.lua');
    writeFileSync(script, luaScript(target));
    const { stdout } = await run('wrk', [
      '--threads=1',
      `--connections=${connections}`,
      `--duration=${seconds}s`,
      '--latency',
      `--script=${script}`,
      target.url,
    ]);
    const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout) ?? /Socket errors: (.*)/.exec(stdout);
    if (bad !== null) throw new Error(`${target.subject} at c${connections}: ${bad[0]}`);
    return { requestsPerSecond: field(stdout, /Requests\/sec:\s+([\d.]+)/), p50Ms: latencyMs(stdout, 50), p99Ms: latencyMs(stdout, 99) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function luaScript({ headers, body }: Target): string {
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`);
  return ['wrk.method = "POST"', `wrk.body = ${JSON.stringify(body)}`, ...lines].join('\n');
}

function field(text: string, pattern: RegExp): number {
  const value = pattern.exec(text)?.[1];
  if (value === undefined) throw new Error(`wrk printed no ${pattern.source}:\n${text}`);
  return Number(value);
}

const UNIT_MS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function latencyMs(text: string, percent: number): number {
  const match = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s|m)`).exec(text);
  return Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN);
}
