import { BlockList, isIP } from 'node:net';
import { SPECIAL_ADDRESSES_V4, ServiceError } from '@easyfaas/service-kit';

/** With the relays of 6to4, which lead elsewhere. */
const FORBIDDEN_V4 = [...SPECIAL_ADDRESSES_V4, '192.88.99.0/24'];
/** The same of IPv6. */
const FORBIDDEN_V6 = [
  '::/128',
  '::1/128',
  // Addresses of IPv4 in other clothes: translated, compatible, 6to4, Teredo.
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  '2001::/23',
  '2001:db8::/32',
  '100::/64',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

/**
 * Says which URLs the platform may call on behalf of a user: HTTPS to public addresses, and whatever the operator allows by
 * host name, address or network.
 */
export class UrlRules {
  readonly #forbidden = blockListOf([...FORBIDDEN_V4, ...FORBIDDEN_V6]);
  readonly #allowed: BlockList;
  readonly #allowedHosts: ReadonlySet<string>;

  /** @param allow host names, addresses and networks in CIDR notation */
  constructor(allow: readonly string[]) {
    const isNetwork = (entry: string): boolean => isIP(entry.split('/')[0] ?? '') !== 0;
    this.#allowed = blockListOf(allow.filter(isNetwork));
    this.#allowedHosts = new Set(allow.filter((entry) => !isNetwork(entry)).map(plainHost));
  }

  /**
   * Checks everything but the addresses of a name; those are checked when they are looked up.
   * @throws ServiceError URL_NOT_ALLOWED
   */
  check(text: string): URL {
    if (!URL.canParse(text)) throw notAllowed(text, 'it is no absolute URL');
    const url = new URL(text);
    const host = plainHost(url.hostname);
    const isAllowed = this.isAllowedHost(host) || (isIP(host) !== 0 && this.isAllowedAddress(host) && !this.#isPublic(host));
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed)) throw notAllowed(text, 'only https: is possible');
    if (url.username !== '' || url.password !== '') throw notAllowed(text, 'user and password in a URL are not accepted');
    if (host === '') throw notAllowed(text, 'it has no host');
    if (isAllowed) return url;
    if (isIP(host) !== 0 && !this.isAllowedAddress(host)) throw notAllowed(text, `${host} is not a public address`);
    // Names without a dot, and those that never leave the machine or the network (RFC 6761, RFC 6762, RFC 8375).
    if (isIP(host) === 0 && (!host.includes('.') || /\.(localhost|local|internal|home\.arpa)$/.test(host))) {
      throw notAllowed(text, `${host} is not a public name`);
    }
    return url;
  }

  isAllowedHost(hostname: string): boolean {
    return this.#allowedHosts.has(plainHost(hostname));
  }

  /** @param address an IP address */
  isAllowedAddress(address: string): boolean {
    return this.#allowed.check(address, familyOf(address)) || this.#isPublic(address);
  }

  #isPublic(address: string): boolean {
    return isIP(address) !== 0 && !this.#forbidden.check(address, familyOf(address));
  }
}

/** Without the brackets of IPv6, the trailing dot of a whole name, a zone, and capitals. */
function plainHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .replace(/%.*$/, '');
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

export function notAllowed(text: string, why: string): ServiceError {
  const shown = text.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
  return new ServiceError(
    'URL_NOT_ALLOWED',
    `The URL "${shown}" is not allowed: ${why}. An operator can allow its host (EASYFAAS_URL_ALLOW).`,
  );
}
