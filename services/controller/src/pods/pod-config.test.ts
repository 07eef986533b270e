import { EnvReader } from '@easyfaas/service-kit';
import { type PodConfig, type PodVariables, readPodConfig } from './pod-config';

const NOTHING: PodVariables = {
  podId: undefined,
  podAddress: undefined,
  podListen: undefined,
  podKeyFile: undefined,
  packagesDir: undefined,
};

function read(values: Partial<PodVariables>): PodConfig | undefined {
  const reader = new EnvReader({});
  const config = readPodConfig({ ...NOTHING, ...values }, reader);
  reader.assertValid();
  return config;
}

describe('the configuration of a pod', () => {
  it('is that of one on its own without an address', () => {
    expect(read({ podId: 'rack-7' })).toBeUndefined();
  });

  it.each([
    ['http://10.0.0.5:8090', { host: '10.0.0.5', port: 8090 }],
    ['http://pod-a.internal/', { host: 'pod-a.internal', port: 80 }],
    ['https://pod-a.internal', { host: 'pod-a.internal', port: 443 }],
    ['http://[fd00::5]:8090', { host: '[fd00::5]', port: 8090 }],
  ])('listens where %s says', (podAddress, listen) => {
    expect(read({ podAddress })).toMatchObject({ listen });
  });

  it('may listen elsewhere than others are told', () => {
    expect(read({ podAddress: 'http://nat.example:9000', podListen: '0.0.0.0:8090' })).toEqual({
      address: 'http://nat.example:9000',
      listen: { host: '0.0.0.0', port: 8090 },
      keyFile: undefined,
    });
  });

  it.each([
    ['an address without a scheme', { podAddress: '10.0.0.5:8090' }, 'EASYFAAS_POD_ADDRESS'],
    ['an address with a path', { podAddress: 'http://a/b' }, 'EASYFAAS_POD_ADDRESS'],
    ['a listener without a port', { podAddress: 'http://a:1', podListen: '0.0.0.0' }, 'EASYFAAS_POD_LISTEN'],
    ['a listener without an address', { podListen: '0.0.0.0:1' }, 'EASYFAAS_POD_LISTEN'],
    ['a key without an address', { podKeyFile: '/key' }, 'EASYFAAS_POD_KEY_FILE'],
    ['an id with a blank', { podId: 'pod a' }, 'EASYFAAS_POD_ID'],
    ['a relative directory', { packagesDir: 'packages' }, 'EASYFAAS_PACKAGES_DIR'],
  ])('refuses %s', (_what, values, name) => {
    expect(() => read(values)).toThrow(name);
  });
});
