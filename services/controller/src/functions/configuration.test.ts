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

  it('take the sizes of /tmp that there are, with memory beside them', () => {
    const sized = (Size: number, MemorySize = 10_240) => newSettings({ ...REQUEST, MemorySize, EphemeralStorage: { Size } }, RUNTIMES);
    expect([64, 128, 512, 4096].map((size) => sized(size).EphemeralStorage)).toEqual([64, 128, 512, 4096].map((Size) => ({ Size })));
    expect(() => sized(300)).toThrow('EphemeralStorage.Size is 300; there are 64, 128, 256, 512, 1024, 2048, 4096 MB. Take 512.');
    expect(() => sized(10_240)).toThrow(/Take 4096/);
    expect(() => sized(1)).toThrow(/Take 64/);
    expect(sized(128, 192)).toMatchObject({ MemorySize: 192 });
    expect(() => sized(128, 191)).toThrow(/needs a MemorySize of at least 192 MB.*it is 191 MB\. Raise MemorySize to 192, or lower/);
  });

  it('keep the size of /tmp through an update, set it back, and let memory not fall below it', () => {
    const { configuration } = storedFunction('f', { MemorySize: 600, EphemeralStorage: { Size: 512 } });
    expect(changedSettings(configuration, { Timeout: 5 }, RUNTIMES)).toMatchObject({ EphemeralStorage: { Size: 512 } });
    expect({ ...configuration, ...changedSettings(configuration, { EphemeralStorage: { Size: 64 } }, RUNTIMES) }).toMatchObject({
      EphemeralStorage: { Size: 64 },
    });
    expect(() => changedSettings(configuration, { MemorySize: 512 }, RUNTIMES)).toThrow(/at least 576 MB/);
    expect(configurationView(storedFunction('f').configuration)).toMatchObject({ EphemeralStorage: { Size: 64 } });
    expect(configurationView(configuration)).toMatchObject({ EphemeralStorage: { Size: 512 } });
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
