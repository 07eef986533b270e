import type { IncomingMessage } from 'node:http';

/** The key that a request brings: `Authorization: Bearer <key>`, else `X-Easyfaas-Key`. Never from the query: it is logged. */
export function credentialOf({ headers }: IncomingMessage): string | undefined {
  const match = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '');
  if (match?.[1] !== undefined) return match[1];
  const key = headers['x-easyfaas-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}

/** The password of HTTP Basic where the user is `admin`, for clients that know nothing else. */
export function basicCredentialOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(headers.authorization ?? '') ?? [];
  const text = Buffer.from(encoded ?? '', 'base64').toString('utf8');
  return text.startsWith('admin:') ? text.slice('admin:'.length) : undefined;
}

/** Where failures are counted. An IPv4 address may come in its IPv6 form; an IPv6 client owns its whole /64. */
export function sourceOf({ socket }: Pick<IncomingMessage, 'socket'>): string {
  const address = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  return address.includes(':') ? address.split(':').slice(0, 4).join(':') : address;
}
