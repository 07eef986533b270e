import { ServiceError } from '@easyfaas/service-kit';
import { UrlRules } from './url-rules';

function codeOf(rules: UrlRules, url: string): string | undefined {
  try {
    rules.check(url);
  } catch (error) {
    return error instanceof ServiceError ? error.code : String(error);
  }
  return undefined;
}

const RULES = new UrlRules([]);

describe('URLs that the platform may call (corpus E)', () => {
  it.each([
    'https://0/',
    'http://0/',
    'https://[::]',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[64:ff9b::7f00:1]',
    'https://[2002:7f00:1::]',
    'https://[fc00::1]',
    'https://[fe80::1]',
    'https://[fec0::1]',
    'https://localhost',
    'https://LOCALHOST.',
    'https://x.localhost',
    'https://printer.local',
    'https://metadata.google.internal',
    'file:///etc/passwd',
    'gopher://example.com',
    'data:text/plain,x',
    'unix:/run/x.sock',
    'ftp://example.com',
    'javascript:alert(1)',
    'https://a@127.0.0.1',
    'https://a:b@example.com',
    'http:\\\\127.0.0.1\\',
    'http:127.0.0.1',
    'https://0x7f.1',
    'https://127.1',
    'https://2130706433',
    'https://①②⑦.0.0.1',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1',
    'https://172.17.0.1',
    'https://192.168.0.1',
    'https://100.64.0.1',
    'https://224.0.0.1',
    'https://255.255.255.255',
    'https://redis',
    'https://controller',
    'https://funclet',
    'http://example.com',
    'not a url',
    '',
    '//example.com',
  ])('%s is not one', (url) => {
    expect(codeOf(RULES, url)).toBe('URL_NOT_ALLOWED');
  });

  it.each(['https://example.com/hook?x=1', 'https://93.184.216.34/', 'https://[2606:4700::1111]:8443/a', 'https://sub.example.co.uk'])(
    '%s is one',
    (url) => {
      expect(codeOf(RULES, url)).toBeUndefined();
    },
  );

  it('are also those that an operator allows: a name, an address, a network, also without TLS', () => {
    const rules = new UrlRules(['hooks.intern', '127.0.0.1', '10.1.0.0/16', 'fd00::/8']);
    for (const url of [
      'http://hooks.intern/x',
      'http://127.0.0.1:9000/',
      'https://10.1.2.3',
      'https://[fd00::5]',
      'http://HOOKS.intern.',
    ]) {
      expect(codeOf(rules, url)).toBeUndefined();
    }
    for (const url of ['https://127.0.0.2', 'https://10.2.0.1', 'http://example.com', 'https://other.intern@10.9.9.9']) {
      expect(codeOf(rules, url)).toBe('URL_NOT_ALLOWED');
    }
    expect(rules.isAllowedAddress('10.1.9.9')).toBe(true);
    expect(rules.isAllowedAddress('10.2.9.9')).toBe(false);
    expect(rules.isAllowedAddress('::ffff:127.0.0.5')).toBe(false);
  });
});
