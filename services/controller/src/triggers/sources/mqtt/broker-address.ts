import { lookup as resolve, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { type UrlRules, notAllowed } from '../../../async/destinations/url-rules';

export interface BrokerAddress {
  host: string;
  port: number;
  isEncrypted: boolean;
}

const PORTS: Partial<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };

/**
 * Reads the address of a broker: `mqtt://` or `mqtts://`, a public host or one that the operator allows.
 * @throws ServiceError URL_NOT_ALLOWED
 */
export function brokerAddress(text: string, rules: UrlRules): BrokerAddress {
  if (!URL.canParse(text)) throw notAllowed(text, 'it is no absolute URL');
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  const usualPort = PORTS[protocol];
  if (usualPort === undefined) throw notAllowed(text, 'only mqtt: and mqtts: are possible');
  if (username !== '' || password !== '') throw notAllowed(text, 'user and password belong into Username and the secret Password');
  if (hostname === '' || (pathname !== '' && pathname !== '/') || search !== '' || hash !== '') {
    throw notAllowed(text, 'it must be a host and perhaps a port');
  }
  // The same rules as for any address; a URL of a known scheme folds all the ways to write one.
  const { hostname: host } = rules.check(`https://${hostname}`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? usualPort : Number(port), isEncrypted: protocol === 'mqtts:' };
}

/** Looks a name up and lets only allowed addresses be connected to: checked at each connection, so that a name cannot change its mind. */
export function checkedLookup(rules: UrlRules): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, []);
      const refused = rules.isAllowedHost(hostname) ? undefined : addresses.find(({ address }) => !rules.isAllowedAddress(address));
      if (refused !== undefined) return callback(notAllowed(hostname, `it leads to ${refused.address}, which is not public`), []);
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}
