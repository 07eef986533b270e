import { readConfig } from './config';

describe('the configuration', () => {
  it('has usable defaults', () => {
    expect(readConfig({})).toMatchObject({
      dataDir: '/var/lib/easyfaas',
      socketPath: '/var/lib/easyfaas/run/funclet.sock',
      mountMode: 'auto',
      imageTag: 'latest',
      labels: {},
      isUnsafe: false,
    });
  });

  it('takes an empty variable for an absent one', () => {
    expect(readConfig({ EASYFAAS_MOUNT_MODE: '', EASYFAAS_NODE_MEMORY_MB: '', EASYFAAS_LABELS: '' }).mountMode).toBe('auto');
  });

  it('reads labels', () => {
    expect(readConfig({ EASYFAAS_LABELS: 'a=1, b.c=x=y' }).labels).toEqual({ a: '1', 'b.c': 'x=y' });
  });

  it('takes the guard from its own image of the same tag, unless told otherwise', () => {
    expect(readConfig({ EASYFAAS_IMAGE_TAG: 'v2' }).guardImage).toBe('easyfaas/funclet:v2');
    expect(readConfig({ EASYFAAS_GUARD_IMAGE: 'mine/funclet:1' }).guardImage).toBe('mine/funclet:1');
  });

  it('keeps containers at a stop, unless told otherwise', () => {
    expect(readConfig({}).removesAtStop).toBe(false);
    expect(readConfig({ EASYFAAS_AT_STOP: 'remove' }).removesAtStop).toBe(true);
  });

  it('refuses tcp addresses and says what to use', () => {
    expect(() => readConfig({ EASYFAAS_FUNCLET_LISTEN: 'tcp://127.0.0.1:9000' })).toThrow(/does not offer; use unix:\/\//);
    expect(readConfig({ EASYFAAS_FUNCLET_LISTEN: 'unix:///run/f.sock' }).socketPath).toBe('/run/f.sock');
  });

  it('refuses a data directory whose sockets would have too long a path', () => {
    const longest = `/${'d'.repeat(61)}`;
    expect(readConfig({ EASYFAAS_DATA_DIR: longest }).dataDir).toBe(longest);
    expect(() => readConfig({ EASYFAAS_DATA_DIR: `${longest}d` })).toThrow(/at most 62/);
  });

  it.each(['relative', '/', '/a/../b', '/a/', '//a'])('refuses the data directory %s', (dataDir) => {
    expect(() => readConfig({ EASYFAAS_DATA_DIR: dataDir })).toThrow(/plain absolute path/);
  });

  it('lists every problem at once', () => {
    expect(() => readConfig({ EASYFAAS_MOUNT_MODE: 'x', EASYFAAS_LABELS: 'x', EASYFAAS_NODE_MEMORY_MB: '-1' })).toThrow(/3 problem/);
  });
});
