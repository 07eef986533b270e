import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServiceError } from '@easyfaas/service-kit';
import { chunksOf } from '../../http/body';
import { throttled } from '../../invoke/admission';
import type { PayloadBudget } from '../../invoke/payload-budget';
import type { HttpAnswer, HttpAnswerHead } from './http-answer';

/** One request to a trigger, before and beside what the trigger makes of it. */
export interface WebRequest {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  /** Once it was read, where that had to be before it was known who sends it. */
  body?: Buffer;
}

interface BodyLimits {
  limitBytes: number;
  payloads: PayloadBudget;
}

/**
 * Reads a body, whatever its coding, within the limit and the memory that payloads may take.
 * @returns undefined when the client went away
 * @throws ServiceError PAYLOAD_TOO_LARGE, THROTTLED, BAD_REQUEST (cut off)
 */
export async function withBody<T>(web: WebRequest, limits: BodyLimits, use: (body: Buffer) => Promise<T>): Promise<T> {
  if (web.body !== undefined) return use(web.body);
  const heldBytes = hold(web, limits);
  try {
    return await use(await wholeBody(web, limits));
  } finally {
    limits.payloads.give(heldBytes);
  }
}

/**
 * Reads a body before its time, and keeps it for {@link withBody}. What it takes is given back when the answer is out.
 * @throws ServiceError as there
 */
export async function bodyAhead(web: WebRequest, limits: BodyLimits): Promise<Buffer> {
  if (web.response.destroyed) throw new ServiceError('BAD_REQUEST', 'The client has gone.');
  const heldBytes = hold(web, limits);
  web.response.once('close', () => limits.payloads.give(heldBytes));
  web.body = await wholeBody(web, limits);
  return web.body;
}

/** @returns the bytes that were set aside */
function hold({ request }: WebRequest, { limitBytes, payloads }: BodyLimits): number {
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  if (announcedBytes > limitBytes) throw tooLarge(limitBytes);
  const heldBytes = request.headers['transfer-encoding'] === undefined ? announcedBytes : limitBytes;
  if (!payloads.take(heldBytes)) {
    throw throttled('PayloadMemoryExceeded', 'Too many large payloads are under way (EASYFAAS_PAYLOADS_MB); try again shortly.', 1);
  }
  return heldBytes;
}

async function wholeBody({ request }: WebRequest, { limitBytes }: BodyLimits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(request)) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function tooLarge(limitBytes: number): ServiceError {
  return new ServiceError('PAYLOAD_TOO_LARGE', `The body is over ${limitBytes} bytes, the limit.`);
}

/** @param more headers after the answer's own: name, value, name, value */
export function sendAnswer(web: WebRequest, { status, headers, body }: HttpAnswer, more: readonly string[] = []): void {
  const { response } = web;
  if (response.headersSent || response.destroyed) return;
  const own = status === 204 || status === 304 ? [] : ['Content-Length', String(body.length)];
  beginAnswer(web, { status, headers }, [...more, ...own]);
  response.end(body);
}

/** These are for a whole origin: in an answer of a function they would be for the console that it shares it with, too. */
const OF_ORIGIN = new Set(['alt-svc', 'clear-site-data', 'nel', 'report-to', 'strict-transport-security']);

/** Everything but the body. @param more as above */
export function beginAnswer({ response, requestId }: WebRequest, { status, headers }: HttpAnswerHead, more: readonly string[]): void {
  const own = response.hasHeader('content-security-policy') ? withoutOrigins(headers) : headers;
  const all = [...own, ...more, 'X-Easyfaas-Request-Id', requestId];
  // Appended one by one: writeHead keeps only the last of several headers of one name when others were set before.
  for (let at = 0; at < all.length; at += 2) {
    // The policy that is set already keeps functions apart from the console: a function may only add to it.
    if ((all[at] as string).toLowerCase() !== 'content-security-policy') response.removeHeader(all[at] as string);
  }
  for (let at = 0; at + 1 < all.length; at += 2) response.appendHeader(all[at] as string, all[at + 1] as string);
  response.writeHead(status);
}

function withoutOrigins(headers: readonly string[]): string[] {
  return headers.filter((_text, at) => !OF_ORIGIN.has((headers[at - (at % 2)] as string).toLowerCase()));
}

export function sendJson(web: WebRequest, status: number, value: unknown): void {
  sendAnswer(web, { status, headers: ['Content-Type', 'application/json; charset=utf-8'], body: Buffer.from(JSON.stringify(value)) });
}

/** Aborted when the client goes away before its answer. */
export function clientSignal({ response }: WebRequest): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
