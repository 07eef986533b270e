import { isIPv4 } from 'node:net';

/** What an operator says about the network of functions. */
export interface EgressSettings {
  isOn: boolean;
  /** Opened although they are private, or the host itself. */
  allow: readonly AllowedAddress[];
  /** Closed besides what is closed anyway. */
  deny: readonly AddressRange[];
  /** Asked for names on behalf of functions. */
  resolvers: readonly string[];
}

/** IPv4 only: functions have no IPv6. */
export interface AddressRange {
  address: string;
  prefix: number;
}

export interface AllowedAddress extends AddressRange {
  /** TCP and UDP; absent for everything. */
  port?: number;
}

const ENTRY = /^([\d.]+)(?:\/(\d{1,2}))?(?::(\d{1,5}))?$/;
/** A wider range would open the metadata address or a private network by the way. */
const PREFIX_MIN = 8;
const ENTRIES_MAX = 256;
const EXAMPLE = 'expected an IPv4 address or range with an optional port, such as 10.1.2.3:5432 or 10.1.0.0/16';

interface EgressTexts {
  isOn: boolean;
  allow: readonly string[];
  deny: readonly string[];
  resolvers: readonly string[];
}

/** @param problem is told what is wrong, variable by variable */
export function egressSettings(texts: EgressTexts, problem: (text: string) => void): EgressSettings {
  const ranges = (variable: string, items: readonly string[]): AllowedAddress[] => {
    if (items.length > ENTRIES_MAX) problem(`${variable} has ${items.length} entries, at most ${ENTRIES_MAX} are taken`);
    return items.flatMap((item) => {
      const range = parseEntry(item);
      if (typeof range !== 'string') return range;
      problem(`${variable} has "${item}", ${range}`);
      return [];
    });
  };
  for (const item of texts.deny) if (item.includes(':')) problem(`EASYFAAS_EGRESS_DENY has "${item}", a port cannot be named there`);
  for (const item of texts.resolvers) {
    if (!isIPv4(item) || item.startsWith('127.') || item.startsWith('0.')) {
      problem(`EASYFAAS_EGRESS_DNS has "${item}", expected IPv4 addresses that a container can reach; 127.0.0.0/8 is the container itself`);
    }
  }
  if (texts.resolvers.length > 3) problem(`EASYFAAS_EGRESS_DNS has ${texts.resolvers.length} addresses, at most 3 are used`);
  return {
    isOn: texts.isOn,
    allow: ranges('EASYFAAS_EGRESS_ALLOW', texts.allow),
    deny: ranges('EASYFAAS_EGRESS_DENY', texts.deny),
    resolvers: texts.resolvers,
  };
}

/** @returns what is wrong with it, in words */
function parseEntry(text: string): AllowedAddress | string {
  const match = ENTRY.exec(text);
  const address = match?.[1] ?? '';
  if (match === null || !isIPv4(address)) return EXAMPLE;
  const prefix = match[2] === undefined ? 32 : Number(match[2]);
  const port = match[3] === undefined ? undefined : Number(match[3]);
  if (prefix > 32 || (port !== undefined && (port < 1 || port > 65_535))) return EXAMPLE;
  if (prefix < PREFIX_MIN) return `a range of at most /${PREFIX_MIN} can be named`;
  const hostBits = 2 ** (32 - prefix);
  if (numberOf(address) % hostBits !== 0) return `an address with bits beyond its prefix /${prefix}`;
  return { address, prefix, ...(port === undefined ? {} : { port }) };
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
