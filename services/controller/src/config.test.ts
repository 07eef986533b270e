import { ConfigurationError } from '@easyfaas/service-kit';
import { readConfig } from './config';

describe('the configuration', () => {
  it('needs nothing', () => {
    expect(readConfig({})).toMatchObject({
      listen: { host: '127.0.0.1', port: 8080 },
      dataDir: '/var/lib/easyfaas',
      funcletSocket: '/var/lib/easyfaas/run/funclet.sock',
      auth: 'on',
      drainMs: 25_000,
    });
  });

  it('names every problem at once', () => {
    const problems = (): unknown =>
      readConfig({ EASYFAAS_LISTEN: '8080', EASYFAAS_DATA_DIR: 'relative', EASYFAAS_AUTH: 'off', EASYFAAS_POOL_MIN: 'nodejs20' });
    expect(problems).toThrow(ConfigurationError);
    expect(problems).toThrow(/EASYFAAS_LISTEN[\s\S]*|EASYFAAS_DATA_DIR/);
    for (const name of ['EASYFAAS_LISTEN', 'EASYFAAS_DATA_DIR', 'EASYFAAS_I_ACCEPT_ANONYMOUS_CODE_EXECUTION', 'EASYFAAS_POOL_MIN']) {
      expect(problems).toThrow(new RegExp(name));
    }
  });

  it('refuses a data directory whose sockets would have too long a path', () => {
    expect(() => readConfig({ EASYFAAS_DATA_DIR: `/${'x'.repeat(80)}` })).toThrow(/too long/);
  });

  it('answers to the address it listens on, but a wildcard is no name', () => {
    expect(readConfig({ EASYFAAS_LISTEN: '192.168.1.5:80', EASYFAAS_ALLOWED_HOSTS: 'faas.local' }).allowedHosts).toEqual(
      expect.arrayContaining(['192.168.1.5', 'faas.local', 'localhost']),
    );
    expect(readConfig({ EASYFAAS_LISTEN: '0.0.0.0:80' }).allowedHosts).not.toContain('0.0.0.0');
    expect(readConfig({ EASYFAAS_LISTEN: '[::1]:80' }).listen).toEqual({ host: '[::1]', port: 80 });
  });
});
