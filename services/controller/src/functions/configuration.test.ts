import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import { changedSettings, commitIdOf, configurationView, newSettings } from './configuration';
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

  it('take the network that is asked for', () => {
    expect(newSettings({ ...REQUEST, NetworkMode: 'egress' }, RUNTIMES).NetworkMode).toBe('egress');
  });
});

describe('the commit', () => {
  const settings = newSettings({ ...REQUEST, Environment: { Variables: { A: '1', B: '2' } } }, RUNTIMES);
  const commit = commitIdOf(settings, 'sha');

  it('is the same for the same code and configuration, in whatever order', () => {
    expect(commitIdOf({ ...settings, Environment: { Variables: { B: '2', A: '1' } } }, 'sha')).toBe(commit);
    expect(commitIdOf({ ...settings, Description: 'other', Tags: { a: 'b' } }, 'sha')).toBe(commit);
  });

  it.each([
    { Timeout: 4 },
    { MemorySize: 129 },
    { Handler: 'index.other' },
    { PodConcurrentQuota: 2 },
    { Environment: { Variables: { A: '1' } } },
  ])('differs with %j', (change) => {
    expect(commitIdOf({ ...settings, ...change }, 'sha')).not.toBe(commit);
  });

  it('differs with the code', () => {
    expect(commitIdOf(settings, 'other')).not.toBe(commit);
  });
});

describe('what the API shows', () => {
  it('hides every value of the environment', () => {
    const view = configurationView(storedFunction('f', { Environment: { Variables: { A: 'secret' } } }).configuration);
    expect(JSON.stringify(view)).not.toContain('secret');
    expect(Object.keys(view.Environment.Variables)).toEqual(['A']);
  });
});
