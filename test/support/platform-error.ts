import { ERRORS, type ErrorCode, type ErrorEnvelope } from '@easyfaas/contracts/wire';
import type { RawAnswer } from './raw-http';
import type { Answer } from './stack';

/** What must not be told to a caller: stacks, source paths, packages. */
const INNER_DETAILS = /\n\s+at |node_modules|\.ts:\d|\.cjs:\d|\/app\//;

/**
 * The answer is a platform error of the catalogue: its status, our envelope and nothing else, the request's id, and no word
 * of the inside.
 * @param message what the text has to name
 */
export function expectError(answer: Answer | RawAnswer, codes: ErrorCode | readonly ErrorCode[], message = /./): void {
  const allowed = typeof codes === 'string' ? [codes] : codes;
  const text = 'bytes' in answer ? answer.text : answer.body;
  const envelope = parseEnvelope(text);
  const code = envelope?.error.code;
  expect({ status: answer.status, code, text: text.slice(0, 500) }).toEqual({
    status: ERRORS[code !== undefined && allowed.includes(code) ? code : (allowed[0] ?? 'INTERNAL')].status,
    code: code !== undefined && allowed.includes(code) ? code : allowed.join(' or '),
    text: text.slice(0, 500),
  });
  if (envelope === undefined || code === undefined) return;
  expect(Object.keys(envelope)).toEqual(['error']);
  expect(envelope.error.message).toMatch(message);
  expect(envelope.error.retryable).toBe(ERRORS[code].retryable);
  expect(envelope.error.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  expect(headerOf(answer, 'x-easyfaas-request-id')).toBe(envelope.error.requestId);
  expect(text).not.toMatch(INNER_DETAILS);
}

function parseEnvelope(text: string): ErrorEnvelope | undefined {
  try {
    return JSON.parse(text) as ErrorEnvelope;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function headerOf(answer: Answer | RawAnswer, name: string): string | undefined {
  return 'bytes' in answer ? (answer.headers.get(name) ?? undefined) : answer.headers[name];
}
