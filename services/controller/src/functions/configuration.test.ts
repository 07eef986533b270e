import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import { changedSettings, configurationView, newSettings } from './configuration';
import { storedFunction } from './testing/fake-function-store';

const manifest = (name: string, handlerPattern: string): RuntimeManifest => ({
  name,
  title: name,
  command: '/bin/true',
  args: [],
  handlerPattern,
  handlerExample: 'index.handler',
  entryFile: 'index.js',
  sourceContentTypes: [],
  image: name,
});
const RUNTIMES = new Map([
  ['nodejs20', manifest('nodejs20', '^[a-z]+\\.[a-z]+$')],
  ['provided', manifest('provided', '^bootstrap$')],
]);
const REQUEST = { Runtime: 'nodejs20', Handler: 'index.handler' };

describe('settings', () => {
  it('have the documented defaults', () => {
    expect(newSettings(REQUEST, RUNTIMES)).toEqual({
      ...REQUEST,
      Description: '',
      Timeout: 3,
      MemorySize: 128,
      Environment: { Variables: {} },
      PodConcurrentQuota: 1,
      NetworkMode: 'none',
      Tags: {},
    });
  });

  it('stay as they are where an update names nothing', () => {
    const { configuration } = storedFunction('f', { Timeout: 9, Environment: { Variables: { A: '1' } } });
    expect(changedSettings(configuration, { MemorySize: 200 }, RUNTIMES)).toMatchObject({
      Timeout: 9,
      MemorySize: 200,
      Environment: { Variables: { A: '1' } },
    });
    expect(changedSettings(configuration, { Environment: { Variables: {} } }, RUNTIMES).Environment.Variables).toEqual({});
  });

  it('need a runtime that exists, and a handler that suits it also when only the runtime changes', () => {
    expect(() => newSettings({ ...REQUEST, Runtime: 'cobol' }, RUNTIMES)).toThrow(/cobol.*nodejs20, provided/);
    expect(() => newSettings({ ...REQUEST, Handler: 'nothing' }, RUNTIMES)).toThrow(/Handler.*index\.handler/);
    expect(() => changedSettings(storedFunction('f').configuration, { Runtime: 'provided' }, RUNTIMES)).toThrow(/Handler/);
  });

  it('declare no more calls at once than the language can have', () => {
    const runtimes = new Map([['one', { ...manifest('one', '.'), concurrencyMax: 1 }]]);
    const request = { Runtime: 'one', Handler: 'x' };
    expect(newSettings({ ...request, PodConcurrentQuota: 1 }, runtimes)).toMatchObject({ PodConcurrentQuota: 1 });
    expect(() => newSettings({ ...request, PodConcurrentQuota: 2 }, runtimes)).toThrow(
      /PodConcurrentQuota is 2; one runs at most 1 at once/,
    );
  });

  it('take the network that is asked for', () => {
    expect(newSettings({ ...REQUEST, NetworkMode: 'egress' }, RUNTIMES).NetworkMode).toBe('egress');
  });
});

describe('what the API shows', () => {
  it('hides every value of the environment', () => {
    const view = configurationView(storedFunction('f', { Environment: { Variables: { A: 'secret' } } }).configuration);
    expect(JSON.stringify(view)).not.toContain('secret');
    expect(Object.keys(view.Environment.Variables)).toEqual(['A']);
  });
});
