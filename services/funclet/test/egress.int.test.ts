import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { eventually } from '../src/lifecycle/testing/eventually';
import { TEST_RUN, describeWithDocker, docker, execIn, localImage, makeStayingImage, removeLeftovers, testImage } from './support/docker';
import { FuncletUnderTest, operation } from './support/funclet-under-test';

const SLOW_MS = 120_000;
jest.setTimeout(SLOW_MS);

const USER = '10001:10001';
const IMAGE = testImage('egress-test');
/** Of images made for this file alone: the guard's has to have the same tag as the runtime's. */
const TAG = `egress-${randomBytes(4).toString('hex')}`;
const FUNCLET_IMAGE = `easyfaas/funclet:${process.env['EASYFAAS_IMAGE_TAG'] ?? 'latest'}`;

/** connect(2)'s answer, or `connected`. A filter that drops instead of refusing ends in TIMEOUT. */
const DIAL = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port: Number(port) });
socket.setTimeout(1500, () => { console.log('TIMEOUT'); process.exit(); });
socket.on('connect', () => { console.log('connected'); process.exit(); });
socket.on('error', ({ code }) => { console.log(code); process.exit(); });`;
const LISTEN = `require('node:net').createServer((socket) => socket.end()).listen(9000, '0.0.0.0')`;

describeWithDocker('containers with egress', () => {
  let world: FuncletUnderTest;
  let bait: Server;
  let baitConnections = 0;
  let port: number;
  /** Of this machine; the second is allowed by itself where there are two, else the port decides. */
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const hostAddresses = own.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
  const env: Record<string, string> = { EASYFAAS_IMAGE_TAG: TAG, EASYFAAS_RECONCILE_MS: '300' };
  let containerId: string;
  let dockerId: string;
  let network: string;
  let instanceId: string;

  beforeAll(async () => {
    const base = localImage('easyfaas/runtime-nodejs20', 'node');
    if (base === undefined) throw new Error('There is no image easyfaas/runtime-nodejs20 or node to build the test image from.');
    await makeStayingImage(IMAGE, base);
    await docker('tag', `${IMAGE}:latest`, `${IMAGE}:${TAG}`);
    await docker('tag', FUNCLET_IMAGE, `easyfaas/funclet:${TAG}`);
    bait = createServer((socket) => {
      baitConnections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => bait.listen(0, '0.0.0.0', resolve));
    port = (bait.address() as AddressInfo).port;
    world = new FuncletUnderTest({ isShared: true, images: { test: IMAGE }, env });
    await world.start();
    instanceId = (await world.call('GET', '/v1/node')).body['instanceId'] as string;
    containerId = await world.cold('test', 128, 'egress');
    dockerId = await world.dockerId(containerId);
    network = (await labelled('network', 'ls'))[0] ?? '';
  }, SLOW_MS);

  afterAll(async () => {
    await world?.close();
    for (const id of await labelled('ps', '-a')) await docker('rm', '-f', id);
    for (const id of await labelled('network', 'ls')) await docker('network', 'rm', id);
    await removeRules();
    await new Promise((resolve) => bait?.close(resolve));
    expect(await removeLeftovers()).toEqual([]);
    await docker('rmi', '-f', `${IMAGE}:${TAG}`, `${IMAGE}:latest`, `easyfaas/funclet:${TAG}`);
  }, SLOW_MS);

  /** What docker lists of this data directory's guard or network. */
  async function labelled(...command: string[]): Promise<string[]> {
    const ids = await docker(...command, '-q', '--no-trunc', '--filter', `label=easyfaas.egress=${instanceId}`);
    return ids.split('\n').filter((id) => id !== '');
  }

  /** A command on the host's network with the right to change the packet filter. */
  const onHost = (entrypoint: string, ...args: string[]): Promise<string> =>
    docker(
      ...['run', '--rm', '--label', `easyfaas.test-run=${TEST_RUN}`, '--network', 'host', '--cap-add', 'NET_ADMIN', '--user', '0:0'],
      ...['--entrypoint', entrypoint, `easyfaas/funclet:${TAG}`, ...args],
    );
  const table = (): string => `easyfaas_${instanceId.slice(0, 8)}`;
  const removeRules = async (): Promise<string> => onHost('/app/egress-guard', 'remove', table());
  const tables = async (): Promise<string[]> => {
    const name = table();
    return (await onHost('nft', 'list', 'tables')).split('\n').filter((line) => line.endsWith(name));
  };
  const dial = async (host: string, to: number, from = dockerId): Promise<string> =>
    (await execIn(from, USER, 'node', '-e', DIAL, host, String(to))).output;
  const addressOf = (id: string): Promise<string> =>
    docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', id);

  it('are on a bridge of their own, with the rules in force before them, and hardened as ever', async () => {
    expect((await world.call('GET', '/v1/node')).body['egress']).toEqual({ state: 'guarded' });
    expect((await tables()).sort()).toEqual(
      ['bridge', 'inet', 'ip'].map((family) => expect.stringContaining(`table ${family} `) as string),
    );
    const [container] = JSON.parse(await docker('inspect', dockerId)) as [{ Created: string; HostConfig: Record<string, unknown> }];
    expect(container.HostConfig).toMatchObject({ NetworkMode: expect.stringMatching(/^easyfaas-egress-/) as string, CapDrop: ['ALL'] });
    const { output } = await execIn(dockerId, USER, 'cat', '/proc/1/status', '/etc/resolv.conf');
    expect(/^CapBnd:\s*(\S+)/m.exec(output)?.[1]).toBe('0000000000000000');
    expect(output).not.toMatch(/^search [^.]/m);
    const [guard] = await labelled('ps', '-a');
    const [started] = JSON.parse(await docker('inspect', guard ?? '')) as [
      { State: { StartedAt: string }; HostConfig: object; Mounts: unknown[] },
    ];
    expect(Date.parse(started.State.StartedAt)).toBeLessThan(Date.parse(container.Created));
    expect(started.HostConfig).toMatchObject({ CapDrop: ['ALL'], CapAdd: ['NET_ADMIN'], ReadonlyRootfs: true, Privileged: false });
    expect(started.Mounts).toEqual([]);
  });

  it('reach no address of this machine, the metadata service, or a private network', async () => {
    const gateway = await docker('network', 'inspect', '--format', '{{range .IPAM.Config}}{{.Gateway}}{{end}}', network);
    for (const address of [...hostAddresses, gateway, '172.17.0.1']) {
      expect([address, await dial(address, port)]).toEqual([address, 'EHOSTUNREACH']);
    }
    for (const address of ['169.254.169.254', '10.0.0.1', '192.168.0.1', '100.64.0.1', '172.31.0.1']) {
      expect([address, await dial(address, 80)]).toEqual([address, 'EHOSTUNREACH']);
    }
    expect(await dial('127.0.0.1', port)).toBe('ECONNREFUSED');
    expect(baitConnections).toBe(0);
  });

  it('reach no other container: of a function, of Docker’s bridge, or published on this machine', async () => {
    const other = await world.dockerId(await world.cold('test', 128, 'egress'));
    await docker('exec', '-d', '-u', USER, other, 'node', '-e', LISTEN);
    const label = `easyfaas.test-run=${TEST_RUN}`;
    const foreign = await docker('network', 'create', '--label', label, `easyfaas-test-${TAG}`);
    const published = await docker(
      'run',
      '-d',
      '--network',
      foreign,
      '--label',
      label,
      '-p',
      '0.0.0.0::9000',
      '--entrypoint',
      'node',
      `${IMAGE}:${TAG}`,
      '-e',
      LISTEN,
    );
    try {
      const hostPort = Number((await docker('port', published, '9000')).split('\n')[0]?.split(':').at(-1));
      // They are there: another container of that bridge, and this machine, get an answer.
      await eventually(async () => (await dial('127.0.0.1', 9000, other)) === 'connected', 20_000);
      await eventually(async () => (await dial('127.0.0.1', 9000, published)) === 'connected', 20_000);
      expect(['TIMEOUT', 'EHOSTUNREACH']).toContain(await dial(await addressOf(other), 9000));
      expect(await dial(await addressOf(published), 9000)).toBe('EHOSTUNREACH');
      for (const address of hostAddresses) expect([address, await dial(address, hostPort)]).toEqual([address, 'EHOSTUNREACH']);
    } finally {
      await docker('rm', '-f', published);
      await docker('network', 'rm', foreign);
    }
  });

  it('get their rules back when somebody removes them, or kills the guard', async () => {
    const [guard = ''] = await labelled('ps', '-a');
    await removeRules();
    await eventually(async () => (await docker('logs', guard)).includes('put back'), 30_000);
    expect(await dial(hostAddresses[0] ?? '', port)).toBe('EHOSTUNREACH');
    await docker('kill', guard);
    expect(await dial(hostAddresses[0] ?? '', port)).toBe('EHOSTUNREACH');
    await eventually(async () => {
      const guards = await labelled('ps');
      return guards.length === 1 && guards[0] !== guard;
    }, 30_000);
    expect(await world.view(containerId)).toMatchObject({ state: 'cold' });
  });

  it('go on over a restart of the funclet, and reach what it then allows', async () => {
    await world.stop();
    env['EASYFAAS_EGRESS_ALLOW'] = `${hostAddresses[0]}:${port}`;
    await world.start();
    await eventually(async () => (await dial(hostAddresses[0] ?? '', port)) === 'connected', 30_000);
    expect(await dial(hostAddresses[0] ?? '', port + 1)).toBe('EHOSTUNREACH');
    expect(await world.view(containerId)).toMatchObject({ state: 'cold', network: 'egress' });
  });

  it('leave neither network nor guard nor rules when none of them is left', async () => {
    for (const { containerId: each } of await world.list()) await world.reset(each);
    await eventually(async () => (await labelled('ps', '-a')).length + (await labelled('network', 'ls')).length === 0, 30_000);
    expect(await tables()).toEqual([]);
    expect((await world.call('GET', '/v1/node')).body['egress']).toEqual({ state: 'unused' });
  });

  it('are not made where the operator forbids it', async () => {
    await world.stop();
    env['EASYFAAS_EGRESS'] = 'off';
    await world.start();
    const wish = { ...operation(), containerId: 'abcdefabcdef', runtime: 'test', memoryMb: 128, network: 'egress' };
    expect(await world.call('POST', '/v1/containers', wish)).toMatchObject({ status: 403, body: { error: { code: 'EGRESS_FORBIDDEN' } } });
  });
});
