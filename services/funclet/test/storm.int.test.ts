import { eventually } from '../src/lifecycle/testing/eventually';
import { makeStayingImage, describeWithDocker, docker, localImage, removeLeftovers, testImage } from './support/docker';
import { FuncletUnderTest, cgroupFile } from './support/funclet-under-test';

const MIB = 1024 * 1024;
const SLOW_MS = 60_000;
jest.setTimeout(SLOW_MS);

const IMAGE = testImage('storm-test');

describeWithDocker('a funclet in a storm', () => {
  let world: FuncletUnderTest;
  let sha256: string;

  beforeAll(async () => {
    const base = localImage('easyfaas/runtime-nodejs20', 'node');
    if (base === undefined) throw new Error('There is no image easyfaas/runtime-nodejs20 or node to build the test image from.');
    await makeStayingImage(IMAGE, base);
    world = new FuncletUnderTest({ isShared: true, images: { test: IMAGE } });
    await world.start();
    sha256 = world.upload([{ name: 'index.js', content: 'exports.handler = () => 1;' }]);
  }, SLOW_MS);

  afterAll(async () => {
    await world?.close();
    expect(await removeLeftovers()).toEqual([]);
    await docker('rmi', '-f', `${IMAGE}:latest`);
  }, SLOW_MS);

  it('keeps kernel, Docker and ledger of one mind through many changes at once', async () => {
    const reserved = async (): Promise<number> => {
      const { body } = await world.call('GET', '/v1/node');
      return (body as { reserved: { memoryMb: number } }).reserved.memoryMb;
    };
    const before = await reserved();
    const ids = await Promise.all([1, 2, 3].map(() => world.warm('test', sha256)));
    for (let round = 0; round < 6; round++) {
      const change = async (containerId: string, index: number): Promise<void> => {
        const memoryMb = 128 + ((round * 97 + index * 61) % 400);
        const { status } = await world.call('PATCH', `/v1/containers/${containerId}`, { operationId: `${round}-${index}`, memoryMb });
        expect(status).toBe(200);
        if ((round + index) % 2 === 0) await world.act(containerId, 'pause').then(() => world.act(containerId, 'resume'));
      };
      await Promise.all(ids.map(change));
    }
    let expectedMb = before;
    for (const containerId of ids) {
      const dockerId = await world.dockerId(containerId);
      const { memoryMb } = await world.view(containerId);
      expect(Number(cgroupFile(dockerId, 'memory.limit_in_bytes', 'memory.max'))).toBe(memoryMb * MIB);
      const inspected = (): Promise<string> => docker('inspect', '-f', '{{.HostConfig.Memory}}', dockerId);
      await eventually(async () => (await inspected()) === String(memoryMb * MIB), 20_000);
      expectedMb += memoryMb + 8;
    }
    expect(await reserved()).toBe(expectedMb);
    await Promise.all(ids.map((containerId) => world.reset(containerId)));
    expect(await reserved()).toBe(before);
  });
});
