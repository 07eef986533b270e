import { parentPort, workerData } from 'node:worker_threads';
import { inspectPackage } from '@easyfaas/code-package';
import { failureOf, type InspectionReport, type InspectionTask } from './inspection-report';

const report = (what: InspectionReport): void => parentPort?.postMessage(what);
const { zipPath, limits } = workerData as InspectionTask;

// A bundle of its own: one thread, one package.
inspectPackage(zipPath, limits).then(
  (inspection) => report({ inspection }),
  (error: unknown) => report({ failure: failureOf(error) }),
);
