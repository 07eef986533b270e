/**
 * IPv4 networks that are not the public internet: every block that IANA lists as not globally reachable (Special-Purpose Address
 * Registry), private networks and the metadata address among them, multicast, and what is reserved. CIDR notation.
 */
export const SPECIAL_ADDRESSES_V4: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
