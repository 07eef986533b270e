import { ServiceError } from '@easyfaas/service-kit';
import { UrlRules } from '../../../async/destinations/url-rules';
import { brokerAddress, checkedLookup } from './broker-address';

const RULES = new UrlRules([]);
const codeOf = (url: string, rules = RULES): string => {
  try {
    brokerAddress(url, rules);
    return 'allowed';
  } catch (error) {
    return error instanceof ServiceError ? error.code : 'another error';
  }
};

describe("a broker's address", () => {
  it('is a host and a port', () => {
    expect(brokerAddress('mqtt://broker.example.org', RULES)).toEqual({ host: 'broker.example.org', port: 1883, isEncrypted: false });
    expect(brokerAddress('mqtts://broker.example.org:9999', RULES)).toEqual({ host: 'broker.example.org', port: 9999, isEncrypted: true });
  });

  it.each([
    'mqtt://127.0.0.1',
    'mqtt://127.1',
    'mqtt://0x7f.1',
    'mqtt://0',
    'mqtt://[::1]',
    'mqtt://[::ffff:127.0.0.1]',
    'mqtt://[64:ff9b::7f00:1]',
    'mqtt://169.254.169.254',
    'mqtt://10.0.0.1',
    'mqtt://localhost',
    'mqtt://LOCALHOST.',
    'mqtt://redis',
    'mqtt://user:password@broker.example.org',
    'mqtt://broker.example.org/path',
    'http://broker.example.org',
    'unix:///run/docker.sock',
    'file:///etc/passwd',
    'broker.example.org',
  ])('T16 is refused: %s', (url) => {
    expect(codeOf(url)).toBe('URL_NOT_ALLOWED');
  });

  it('may be what the operator allows', () => {
    const rules = new UrlRules(['127.0.0.1', 'mosquitto']);
    expect([codeOf('mqtt://127.0.0.1', rules), codeOf('mqtt://mosquitto', rules), codeOf('mqtt://127.0.0.2', rules)]).toEqual([
      'allowed',
      'allowed',
      'URL_NOT_ALLOWED',
    ]);
  });

  it('T16 is checked again when a name is looked up', async () => {
    const look = (rules: UrlRules): Promise<string> =>
      new Promise((resolve) =>
        checkedLookup(rules)('localhost', {}, (error) => resolve(error instanceof ServiceError ? error.code : 'allowed')),
      );
    expect(await look(RULES)).toBe('URL_NOT_ALLOWED');
    expect(await look(new UrlRules(['localhost']))).toBe('allowed');
  });
});
