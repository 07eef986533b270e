import { EnvReader } from '@easyfaas/service-kit';
import { isConsoleHost, readConsoleHosts } from './console-hosts';

const read = (...values: string[]): ReturnType<typeof readConsoleHosts> => {
  const reader = new EnvReader({});
  const hosts = readConsoleHosts(values, reader);
  reader.assertValid();
  return hosts;
};

describe('EASYFAAS_CONSOLE', () => {
  it('serves the console everywhere, nowhere, or at some hosts', () => {
    expect(isConsoleHost(read('on'), 'anything:8080')).toBe(true);
    expect(isConsoleHost(read('off'), 'localhost')).toBe(false);
    const some = read('Console.example', '[::1]');
    expect(['console.example', 'CONSOLE.example:8443', '[::1]:8080'].map((host) => isConsoleHost(some, host))).toEqual([true, true, true]);
    expect(['localhost', 'console.example.evil.test', undefined].map((host) => isConsoleHost(some, host))).toEqual([false, false, false]);
  });

  it.each(['http://x', 'x:8080', 'a b', '-', 'off'])('refuses the name %j', (name) => {
    expect(() => read('console.example', name)).toThrow('EASYFAAS_CONSOLE');
  });
});
