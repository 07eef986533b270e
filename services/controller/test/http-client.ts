import type { ErrorCode, ErrorEnvelope } from '@easyfaas/contracts/wire';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json<T>(): T;
}

export interface CallOptions {
  method?: string;
  key?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export type Client = (path: string, options?: CallOptions) => Promise<Answer>;

/** A client of one API with a key of its own, if any. */
export function clientOf(url: string, defaultKey?: string): Client {
  return async (path, { method = 'GET', key = defaultKey, headers = {}, body } = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: <T>() => JSON.parse(text) as T };
  };
}

export function jsonBody(value: unknown): { headers: Record<string, string>; body: string } {
  return { headers: { 'Content-Type': 'application/json' }, body: typeof value === 'string' ? value : JSON.stringify(value) };
}

/** The code of an error answer, whose envelope and silence about the inside are checked on the way. */
export function codeOf({ status, text, headers }: Answer): ErrorCode {
  expect(status).toBeGreaterThanOrEqual(400);
  const { error } = JSON.parse(text) as ErrorEnvelope;
  expect(error.requestId).toBe(headers.get('x-easyfaas-request-id'));
  expect(text).not.toMatch(/\n\s+at |\bat .*\(|node_modules|\.ts:\d/);
  return error.code;
}

export function messageOf({ text }: Answer): string {
  return (JSON.parse(text) as ErrorEnvelope).error.message;
}
