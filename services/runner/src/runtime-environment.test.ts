import { runtimeEnvironment } from './runtime-environment';

describe('runtimeEnvironment', () => {
  it('passes on what a program needs and nothing else of the container’s', () => {
    const container = { PATH: '/bin', HOME: '/home', SECRET: 's', EASYFAAS_TOKEN: 't', NODE_OPTIONS: '--inspect' };
    expect(runtimeEnvironment(container, {}, {})).toEqual({
      HOME: '/home',
      TMPDIR: '/tmp',
      PATH: '/bin',
      LANG: 'C.UTF-8',
      EASYFAAS_TOKEN: 't',
    });
  });

  it('adds the manifest’s variables and then those of RESTART', () => {
    expect(runtimeEnvironment({}, { env: { A: 'manifest', B: 'manifest' } }, { B: 'restart' })).toMatchObject({
      A: 'manifest',
      B: 'restart',
    });
  });

  it('lets nobody replace the token or the socket', () => {
    const forged = { EASYFAAS_TOKEN: 'forged', EASYFAAS_SOCKET: '/forged' };
    const environment = runtimeEnvironment({ EASYFAAS_TOKEN: 't' }, { env: forged }, forged);
    expect(environment['EASYFAAS_TOKEN']).toBe('t');
    expect(environment).not.toHaveProperty('EASYFAAS_SOCKET');
  });
});
