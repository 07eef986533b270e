import type { IncomingMessage } from 'node:http';

/** The key that a request brings: `Authorization: Bearer <key>`, else `X-Easyfaas-Key`. Never from the query: it is logged. */
export function credentialOf({ headers }: IncomingMessage): string | undefined {
  const match = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '');
  if (match?.[1] !== undefined) return match[1];
  const key = headers['x-easyfaas-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}

/** Where failures are counted. An IPv4 address may come in its IPv6 form; an IPv6 client owns its whole /64. */
export function sourceOf({ socket }: IncomingMessage): string {
  const address = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  return address.includes(':') ? address.split(':').slice(0, 4).join(':') : address;
}
