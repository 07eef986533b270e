import { randomBytes } from 'node:crypto';
import { describeEngineContract } from './testing/engine-contract';
import { FakeEngine } from './testing/fake-engine';

const imageId = `sha256:${'a'.repeat(64)}`;

describeEngineContract('the fake engine', () => {
  const engine = new FakeEngine();
  engine.images.set('easyfaas/runtime-test:latest', imageId);
  return Promise.resolve({
    engine,
    spec: () => ({
      containerId: randomBytes(6).toString('hex'),
      instanceId: 'b'.repeat(32),
      runtime: 'test',
      imageId,
      memoryMb: 128,
      cpus: { shares: 74 },
      token: 'c'.repeat(32),
      paths: { task: '/d/containers/x/task', layers: '/d/containers/x/opt', socket: '/d/containers/x/sock' },
      codePropagation: 'rslave',
      labels: { 'easyfaas.test-run': 'unit' },
    }),
    cleanUp: () => Promise.resolve(),
  });
});
