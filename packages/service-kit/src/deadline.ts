import { ServiceError } from './service-error';

/**
 * Awaits work that may never settle (a Docker call when dockerd dies). The signal given to `work` aborts at the deadline;
 * the returned promise settles then also if `work` ignores it.
 * @param what names the work in the error, such as `docker create`
 * @throws ServiceError DEADLINE_EXCEEDED
 */
export async function withDeadline<T>(what: string, deadlineMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new ServiceError('DEADLINE_EXCEEDED', `${what} did not end within ${deadlineMs} ms.`);
      controller.abort(error);
      reject(error);
    }, deadlineMs);
  });
  try {
    return await Promise.race([work(controller.signal), expiry]);
  } finally {
    clearTimeout(timer);
  }
}
