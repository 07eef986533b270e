import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeName } from '../src/code/code-parts';
import { eventually } from '../src/lifecycle/testing/eventually';
import { TEST_RUN, makeStayingImage, describeWithDocker, docker, execIn, localImage, removeLeftovers, testImage } from './support/docker';
import { FuncletUnderTest, cgroupFile, operation } from './support/funclet-under-test';

const MIB = 1024 * 1024;
const USER = '10001:10001';
const SLOW_MS = 60_000;
/** For what the funclet does in the background. */
const LATE_MS = 20_000;
jest.setTimeout(SLOW_MS);

const IMAGE = testImage('funclet-test');

describeWithDocker('a funclet on a real Docker', () => {
  let world: FuncletUnderTest;
  let sha256: string;

  beforeAll(async () => {
    const base = localImage('easyfaas/runtime-nodejs20', 'node');
    if (base === undefined) throw new Error('There is no image easyfaas/runtime-nodejs20 or node to build the test image from.');
    await makeStayingImage(IMAGE, base);
    world = new FuncletUnderTest({ isShared: true, images: { test: IMAGE, missing: 'easyfaas/no-such-image' } });
    await world.start();
    sha256 = world.upload([
      { name: 'index.js', content: 'exports.handler = () => 1;' },
      { name: 'lib/tool.sh', content: '#!/bin/sh\necho tool\n', mode: 0o100755 },
    ]);
  }, SLOW_MS);

  afterAll(async () => {
    await world?.close();
    expect(await removeLeftovers()).toEqual([]);
    await docker('rmi', '-f', `${IMAGE}:latest`);
  }, SLOW_MS);

  it('mounts code, sees mounts as shared and changes memory by control groups', async () => {
    const { body } = await world.call('GET', '/v1/node');
    expect(body).toMatchObject({ mountMode: 'bind', memoryMode: 'cgroup' });
    expect(body['runtimes']).toEqual([
      { name: 'missing', image: 'easyfaas/no-such-image:latest', present: false },
      { name: 'test', image: `${IMAGE}:latest`, present: true },
    ]);
  });

  it('is ready with one runtime and names the image of the other', async () => {
    await eventually(async () => (await world.call('GET', '/readyz')).status === 200, LATE_MS);
    const ready = await world.call('GET', '/readyz');
    expect(ready.body).toMatchObject({ checks: { docker: 'ok', runtimes: 'missing images: easyfaas/no-such-image:latest' } });
    const refused = await world.call('POST', '/v1/containers', {
      ...operation(),
      containerId: '0123456789ab',
      runtime: 'missing',
      memoryMb: 128,
      network: 'none',
    });
    expect(refused).toMatchObject({ status: 503, body: { error: { code: 'RUNTIME_UNAVAILABLE' } } });
  });

  it('shows code to a running container that nobody in it can write', async () => {
    const containerId = await world.cold('test');
    const dockerId = await world.dockerId(containerId);
    expect((await execIn(dockerId, USER, 'ls', '-A', '/var/task')).output).toBe('');
    await world.warmUp(containerId, sha256);
    expect((await execIn(dockerId, USER, 'cat', '/var/task/index.js')).output).toBe('exports.handler = () => 1;');
    expect((await execIn(dockerId, USER, '/var/task/lib/tool.sh')).output).toBe('tool');
    expect((await execIn(dockerId, USER, 'ls', '-A', '/var/task')).output.split('\n')).toEqual(['index.js', 'lib']);
    for (const user of [USER, '0:0']) {
      for (const command of [
        'echo x >/var/task/index.js',
        'echo x >/var/task/new',
        'mkdir /var/task/d',
        'rm -f /var/task/index.js',
        'chmod 777 /var/task/index.js',
        'mv /var/task/lib /var/task/bil',
        'echo x >/run/easyfaas/controller.sock',
        'echo x >/opt/layers/x',
      ]) {
        const { code, output } = await execIn(dockerId, user, 'sh', '-c', command);
        expect({ user, command, code: code === 0 ? 0 : 1, output }).toMatchObject({
          code: 1,
          output: expect.stringContaining('Read-only') as string,
        });
      }
    }
    await world.reset(containerId);
  });

  it('leaves nothing behind after a reset', async () => {
    const containerId = await world.warm('test', sha256, 256);
    const dockerId = await world.dockerId(containerId);
    const volume = await docker('inspect', '-f', '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}}{{end}}{{end}}', dockerId);
    expect(volume).not.toBe('');
    expect(world.leftovers().mounts).toHaveLength(1);
    await world.reset(containerId);
    expect(world.leftovers()).toEqual({ directories: [], mounts: [] });
    expect(await docker('ps', '-aq', '--no-trunc', '--filter', `id=${dockerId}`)).toBe('');
    expect((await docker('volume', 'ls', '-q')).split('\n')).not.toContain(volume);
    expect((await world.call('GET', '/v1/node')).body['reserved']).toEqual({ memoryMb: 0 });
    expect((await world.view(containerId)).state).toBe('gone');
  });

  it('puts a memory limit in force at once, and Docker agrees soon after', async () => {
    const containerId = await world.warm('test', sha256, 300);
    const dockerId = await world.dockerId(containerId);
    const limit = (): number => Number(cgroupFile(dockerId, 'memory.limit_in_bytes', 'memory.max'));
    const inspected = (): Promise<string> =>
      docker('inspect', '-f', '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.CpuShares}}', dockerId);
    const agrees = async (megabytes: number, shares: number): Promise<void> => {
      expect(limit()).toBe(megabytes * MIB);
      await eventually(async () => (await inspected()) === `${megabytes * MIB} ${megabytes * MIB} ${shares}`, LATE_MS);
      expect(limit()).toBe(megabytes * MIB);
    };
    await agrees(300, 174);
    for (const [memoryMb, shares] of [
      [512, 296],
      [200, 116],
    ] as const) {
      const { status } = await world.call('PATCH', `/v1/containers/${containerId}`, { operationId: `to-${memoryMb}`, memoryMb });
      expect(status).toBe(200);
      await agrees(memoryMb, shares);
    }
    await world.reset(containerId);
  });

  it('refuses to lower memory below what is in use, and nothing changes', async () => {
    const containerId = await world.warm('test', sha256, 256);
    const dockerId = await world.dockerId(containerId);
    await docker('exec', '-d', dockerId, 'perl', '-e', 'my $x = "x" x (100 * 1024 * 1024); sleep 60');
    const usage = (): number => Number(cgroupFile(dockerId, 'memory.usage_in_bytes', 'memory.current'));
    await eventually(() => usage() > 100 * MIB, 20_000);
    const refused = await world.call('PATCH', `/v1/containers/${containerId}`, { operationId: 'lower', memoryMb: 96 });
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'MEMORY_BUSY' } } });
    expect(Number(cgroupFile(dockerId, 'memory.limit_in_bytes', 'memory.max'))).toBe(256 * MIB);
    await world.reset(containerId);
  });

  it('freezes and thaws, and resets what is frozen', async () => {
    const containerId = await world.warm('test', sha256);
    const dockerId = await world.dockerId(containerId);
    const isFrozen = (): boolean => ['FROZEN', '1'].includes(cgroupFile(dockerId, 'freezer.state', 'cgroup.freeze'));
    await world.act(containerId, 'pause');
    expect((await world.view(containerId)).state).toBe('paused');
    expect(isFrozen()).toBe(true);
    await world.act(containerId, 'resume');
    expect(isFrozen()).toBe(false);
    expect((await execIn(dockerId, USER, 'echo', 'alive')).output).toBe('alive');
    await world.act(containerId, 'pause');
    await world.reset(containerId);
    expect(world.leftovers()).toEqual({ directories: [], mounts: [] });
  });

  it('hears of a container that was killed, with its exit code', async () => {
    const containerId = await world.warm('test', sha256);
    await docker('kill', await world.dockerId(containerId));
    await eventually(async () => (await world.view(containerId)).state === 'gone', LATE_MS);
    const view = await world.view(containerId);
    expect(view).toMatchObject({ state: 'gone', exit: { exitCode: 137, oomKilled: false } });
    expect(view.reason).toContain('ended by itself with exit code 137');
  });

  it('hears of a container that was removed by hand', async () => {
    const containerId = await world.cold('test');
    await docker('rm', '-f', await world.dockerId(containerId));
    await eventually(async () => (await world.view(containerId)).state === 'gone', LATE_MS);
    expect(world.leftovers().directories).toEqual([]);
  });

  it('refuses code with a byte changed, and serves it again after unpacking it anew', async () => {
    const fragile = world.upload([{ name: 'index.js', content: 'fragile' }]);
    const first = await world.cold('test');
    await world.warmUp(first, fragile);
    const path = join(world.dataDir, 'code', codeName('a', [fragile]), 'index.js');
    chmodSync(path, 0o644);
    writeFileSync(path, 'Fragile');
    const second = await world.cold('test');
    const assignment = { accountId: 'a', functionName: 'f', version: '1', commitId: 'c' };
    const refused = await world.call('POST', `/v1/containers/${second}/warm-up`, {
      ...operation(),
      assignment,
      memoryMb: 128,
      codeSha256: fragile,
    });
    expect(refused).toMatchObject({ status: 500, body: { error: { code: 'CODE_CORRUPT' } } });
    const third = await world.cold('test');
    await world.warmUp(third, fragile);
    expect((await execIn(await world.dockerId(third), USER, 'cat', '/var/task/index.js')).output).toBe('fragile');
    for (const containerId of [first, third]) await world.reset(containerId);
    expect((await world.call('POST', `/v1/code/${fragile}/prepare`, { accountId: 'a' })).status).toBe(200);
  });

  it('adopts its containers after a restart, also one that was half way, and removes strangers', async () => {
    const cold = await world.cold('test', 128, 'none', 256);
    const warm = await world.warm('test', sha256, 256);
    const paused = await world.warm('test', sha256);
    await world.act(paused, 'pause');
    const instance = (await world.call('GET', '/v1/node')).body['instanceId'] as string;
    const image = await docker('images', '-q', '--no-trunc', IMAGE);
    await world.stop();
    const stranger = await docker(
      'run',
      '-d',
      '--label',
      `easyfaas.test-run=${TEST_RUN}`,
      '--label',
      `easyfaas.instance=${instance}`,
      '--label',
      'easyfaas.container=ffffffffffff',
      image,
      '-c',
      'sleep 60',
    );
    await world.start();
    const states = new Map((await world.list()).map(({ containerId, state }) => [containerId, state]));
    expect(states).toEqual(
      new Map([
        [cold, 'cold'],
        [warm, 'warm'],
        [paused, 'paused'],
      ]),
    );
    // Each with the /tmp that it was made with.
    expect([(await world.view(cold)).tmpMb, (await world.view(warm)).tmpMb]).toEqual([256, undefined]);
    for (const [containerId, size] of [
      [cold, 'size=262144k'],
      [warm, 'size=65536k'],
    ] as const) {
      const { output } = await execIn(
        await world.dockerId(containerId),
        USER,
        'grep',
        ' /tmp tmpfs rw,nosuid,nodev,noexec',
        '/proc/mounts',
      );
      expect(output).toContain(size);
    }
    expect((await world.call('GET', '/v1/node')).body['reserved']).toEqual({ memoryMb: 128 + 256 + 128 + 3 * 8 });
    expect((await execIn(await world.dockerId(warm), USER, 'cat', '/var/task/index.js')).output).toContain('handler');
    await world.act(paused, 'resume');
    await world.warmUp(cold, sha256);
    expect((await execIn(await world.dockerId(cold), USER, 'cat', '/var/task/index.js')).output).toContain('handler');
    await eventually(async () => (await docker('ps', '-aq', '--filter', `id=${stranger}`)) === '', LATE_MS);
    for (const containerId of [cold, warm, paused]) await world.reset(containerId);
    expect(world.leftovers()).toEqual({ directories: [], mounts: [] });
  });

  it('keeps its socket and directories for user and group', () => {
    expect(existsSync(join(world.dataDir, 'run/funclet.sock'))).toBe(true);
    expect(readdirSync(world.dataDir).sort()).toEqual(['code', 'code-ro', 'containers', 'instance-id', 'packages', 'run', 'runtimes']);
  });
});

describeWithDocker('a funclet whose data directory is not shared', () => {
  let world: FuncletUnderTest;

  beforeAll(async () => {
    const base = localImage('easyfaas/runtime-nodejs20', 'node');
    if (base === undefined) throw new Error('There is no image easyfaas/runtime-nodejs20 or node to build the test image from.');
    await makeStayingImage(IMAGE, base);
    world = new FuncletUnderTest({ isShared: false, images: { test: IMAGE }, env: { EASYFAAS_MOUNT_MODE: 'hardlink' } });
    await world.start();
  }, SLOW_MS);

  afterAll(async () => {
    await world?.close();
    expect(await removeLeftovers()).toEqual([]);
    await docker('rmi', '-f', `${IMAGE}:latest`);
  }, SLOW_MS);

  it('links code instead, which nobody in the container can write either', async () => {
    const sha256 = world.upload([
      { name: 'index.js', content: 'linked' },
      { name: 'lib/a.js', content: 'a' },
    ]);
    const containerId = await world.warm('test', sha256);
    const dockerId = await world.dockerId(containerId);
    expect((await execIn(dockerId, USER, 'cat', '/var/task/index.js')).output).toBe('linked');
    for (const user of [USER, '0:0']) {
      const { output } = await execIn(dockerId, user, 'sh', '-c', 'echo x >/var/task/index.js');
      expect(output).toContain('Read-only');
    }
    await world.stop();
    await world.start();
    expect((await world.view(containerId)).state).toBe('warm');
    await world.reset(containerId);
    expect(world.leftovers()).toEqual({ directories: [], mounts: [] });
    expect((await world.call('POST', `/v1/code/${sha256}/prepare`, { accountId: 'a' })).status).toBe(200);
  });
});
