import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { inspectPackage, type PackageLimits } from '@easyfaas/code-package';
import { errorOf, type Inspection, type InspectionReport, type InspectionTask } from './inspection-report';

/** Zips up to this size are looked at on this thread: some 5000 files at most, not worth a thread. */
export const INLINE_ZIP_BYTES = 512 * 1024;

/**
 * Looks at packages beside the event loop, which with 65 000 files would stand still for 40 to 150 ms at a time. What a thread
 * takes is bounded by the limit of entries, looked at before any is read; `resourceLimits` cost 40 % more processor time.
 */
export class PackageInspector {
  readonly #program: string;

  /** @param program path of the bundle of inspection-worker.ts */
  constructor(program: string) {
    this.#program = program;
  }

  /** Like {@link inspectPackage}; when aborted, the thread ends. @throws PackageError, AbortError, a system error */
  async inspect(zipPath: string, limits: PackageLimits, signal: AbortSignal): Promise<Inspection> {
    if ((await stat(zipPath)).size <= INLINE_ZIP_BYTES) return inspectPackage(zipPath, limits, signal);
    const task: InspectionTask = { zipPath, limits };
    const worker = new Worker(this.#program, { workerData: task, env: {}, execArgv: [] });
    try {
      const [report] = (await once(worker, 'message', { signal })) as [InspectionReport];
      if ('failure' in report) throw errorOf(report.failure);
      return report.inspection;
    } finally {
      await worker.terminate();
    }
  }
}
