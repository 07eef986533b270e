import { SPECIAL_ADDRESSES_V4 } from '@easyfaas/service-kit';
import type { AddressRange, AllowedAddress, EgressSettings } from './egress-settings';

/** connect(2) answers EHOSTUNREACH at once instead of waiting. */
const REJECT = 'reject with icmpx type admin-prohibited';

export interface EgressRulesOptions {
  /** Name of the tables, one per family. */
  table: string;
  /** Network device of the functions' bridge. */
  bridge: string;
  /** Of the bridge, such as 172.18.0.0/16. */
  subnet: string;
  settings: Pick<EgressSettings, 'allow' | 'deny' | 'resolvers'>;
}

/**
 * The packet filter's rules in the language of nft(8). They stand in tables of their own beside those of Docker and of the
 * host's firewall, and only take away: a packet has to pass here and there. What they add is the address translation,
 * which Docker is told not to do: should these rules vanish, no answer finds its way back to a function.
 *
 * - forward: from functions to elsewhere. `ct status dnat`: a port that Docker publishes is the host itself, whatever the
 *   packet's address has become.
 * - input: from functions to any address of the host. Only an address that is allowed by itself is open: a range that the
 *   host happens to lie in does not open the host.
 * - bridge: from one function to another, including ARP, also where bridged packets do not pass the IP filter.
 */
export function egressRules({ table, bridge, subnet, settings }: EgressRulesOptions): string {
  const { allow, deny, resolvers } = settings;
  const names = resolvers.map((address) => `ip daddr ${address} meta l4proto { tcp, udp } th dport 53 accept`);
  const single = allow.filter(({ prefix }) => prefix === 32);
  return `table inet ${table} {
  set closed {
    type ipv4_addr
    flags interval
    auto-merge
    elements = { ${[...SPECIAL_ADDRESSES_V4, ...deny.map(rangeText)].join(', ')} }
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname != "${bridge}" return
    oifname "${bridge}" drop
    meta nfproto ipv6 ${REJECT}
    ip saddr != ${subnet} drop
    ct status dnat ${REJECT}
    ${[...names, ...allow.map(allowRule)].join('\n    ')}
    ip daddr @closed ${REJECT}
  }
  chain input {
    type filter hook input priority -10; policy accept;
    iifname != "${bridge}" return
    ${[...names, ...single.map(allowRule)].join('\n    ')}
    ${REJECT}
  }
}
table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ${subnet} oifname != "${bridge}" masquerade
  }
}
table bridge ${table} {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ip saddr ${subnet} drop
    ether type arp arp saddr ip ${subnet} drop
  }
}
`;
}

function rangeText({ address, prefix }: AddressRange): string {
  return `${address}/${prefix}`;
}

function allowRule(range: AllowedAddress): string {
  const { port } = range;
  return `ip daddr ${rangeText(range)} ${port === undefined ? '' : `meta l4proto { tcp, udp } th dport ${port} `}accept`;
}
