import { ServiceError } from '@easyfaas/service-kit';
import type { Request, Response } from 'express';
import { payloadsUnderWay } from '../invoke/hold-payload';
import type { PayloadBudget } from '../invoke/payload-budget';
import { assertLength, readBytes } from './body';

const RETRY_AFTER_S = 1;

/**
 * Reads a body before it is known whether its sender may send one: within the memory that all payloads may take, which is given back
 * when the answer is out.
 * @throws ServiceError THROTTLED, and what `readBytes` throws
 */
export async function readSignedBody(request: Request, response: Response, limitBytes: number, payloads: PayloadBudget): Promise<Buffer> {
  assertLength(request, limitBytes, 'PAYLOAD_TOO_LARGE');
  // Without a length it may have any.
  const bytes = Number(request.headers['content-length'] ?? (request.headers['transfer-encoding'] === undefined ? 0 : limitBytes));
  // Nobody would tell that it has gone any more.
  if (response.destroyed) throw new ServiceError('BAD_REQUEST', 'The client has gone.');
  if (!payloads.take(bytes)) throw payloadsUnderWay(payloads, RETRY_AFTER_S);
  response.once('close', () => payloads.give(bytes));
  return readBytes(request, limitBytes);
}
