import { createHash, randomFillSync } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DEFAULT_PACKAGE_LIMITS, extractPackage, zipFiles } from '@easyfaas/code-package';
import { eventually } from '../support/eventually';
import { call, newName, removeDeployments, stack } from '../support/stack';
import { coldContainersReady, timeColdCall } from './cold-start';
import type { Figure } from './report';
import { median } from './statistics';

const FILES = 2000;
const FILE_BYTES = 10 * 1024;

/**
 * P6: cold start with a package of 2 000 files and 20 MB that does not compress, with its code in the funclet's cache and
 * without; against unpacking alone.
 * @param smallMs median of P4 in this run
 */
export async function largePackage(samples: number, smallMs: number): Promise<Figure[]> {
  const agent = new Agent({ keepAlive: true });
  // Where EasyFaaS unpacks, too: how long it takes to create a file depends on what happened in the same part of the disk before.
  const folder = mkdtempSync(join(stack.dataDirectory, 'bench-'));
  const figures = { cached: [] as number[], uncached: [] as number[], unpacking: [] as number[] };
  try {
    for (let sample = 0; sample < samples; sample++) {
      const zip = await largeZip();
      // Making it held up this process: connections that the server has closed meanwhile must be noticed before one is used.
      await setImmediate();
      figures.unpacking.push(await timeUnpacking(zip, folder));
      for (const isCached of [true, false]) {
        const name = newName();
        const sha256 = await deployZip(name, zip);
        const cached = join(stack.dataDirectory, 'code', codeName(sha256));
        // EasyFaaS unpacks ahead, beside the answer to the deployment.
        await eventually(() => statSync(`${cached}.complete`), 60_000);
        await coldContainersReady('nodejs20');
        // Not deleted: for minutes ext4 passes over the numbers of deleted files one by one for each file that is created, which
        // makes unpacking several times as slow.
        if (!isCached) renameSync(cached, join(folder, `aside-${sample}`));
        figures[isCached ? 'cached' : 'uncached'].push(await timeColdCall(agent, name));
        await removeDeployments();
      }
    }
  } finally {
    agent.destroy();
    rmSync(folder, { recursive: true });
    await removeDeployments();
  }
  const unpackedMs = median(figures.unpacking) + smallMs;
  return [
    { id: 'P6 cached', subject: 'easyfaas, small package (P4)', unit: 'ms', values: [smallMs] },
    {
      id: 'P6 cached',
      subject: 'easyfaas, 20 MB',
      unit: 'ms',
      values: figures.cached,
      ratio: median(figures.cached) / smallMs,
      target: '<= 1.5',
    },
    { id: 'P6 not cached', subject: 'unpacking alone + P4', unit: 'ms', values: [unpackedMs] },
    {
      id: 'P6 not cached',
      subject: 'easyfaas, 20 MB',
      unit: 'ms',
      values: figures.uncached,
      ratio: median(figures.uncached) / unpackedMs,
      target: '<= 1',
    },
  ];
}

async function largeZip(): Promise<Buffer> {
  const files = Array.from({ length: FILES }, (_, index) => ({
    name: `data/${index % 40}/${index}.bin`,
    content: randomFillSync(Buffer.alloc(FILE_BYTES)),
  }));
  return zipFiles([{ name: 'index.js', content: `exports.handler = async () => 'hello';` }, ...files]);
}

async function timeUnpacking(zip: Buffer, folder: string): Promise<number> {
  const zipPath = join(folder, 'package.zip');
  writeFileSync(zipPath, zip);
  const target = mkdtempSync(join(folder, 'target-'));
  const startedAt = performance.now();
  await extractPackage(zipPath, target, DEFAULT_PACKAGE_LIMITS, new AbortController().signal);
  return performance.now() - startedAt;
}

async function deployZip(name: string, zip: Buffer): Promise<string> {
  const answer = await call(`/v1/functions/${name}?Runtime=nodejs20&Handler=index.handler`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/zip' },
    body: zip,
  });
  if (answer.status !== 201) throw new Error(`deploy answered ${answer.status}: ${answer.text}`);
  return (await call(`/v1/functions/${name}`)).json<{ Code: { Sha256: string } }>().Code.Sha256;
}

/** Of the account `default`; see services/funclet/src/code/code-parts.ts. */
function codeName(sha256: string): string {
  return createHash('sha256').update(`default\n${sha256}`).digest('hex');
}
