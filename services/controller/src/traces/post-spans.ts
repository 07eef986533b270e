import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { PostSpans } from './span-exporter';

const DEADLINE_MS = 5000;

/** OTLP/HTTP with JSON. @param endpoint without `/v1/traces`, as OpenTelemetry's variable has it */
export function postSpansTo(endpoint: URL, headers: Readonly<Record<string, string>>): PostSpans {
  const url = new URL(`${endpoint.href.replace(/\/$/, '')}/v1/traces`);
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return (body) =>
    new Promise((resolve, reject) => {
      const request = send(url, {
        method: 'POST',
        signal: AbortSignal.timeout(DEADLINE_MS),
        headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), 'User-Agent': 'EasyFaaS' },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        response.on('error', reject);
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.resume();
      });
      request.end(body);
    });
}
