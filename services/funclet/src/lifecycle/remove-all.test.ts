import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSingleFile } from '@easyfaas/code-package';
import { EngineError } from '../engine/engine-error';
import { instanceLabels } from '../engine/labels';
import { removeAll } from './remove-all';
import { INSTANCE, TestLifecycle } from './testing/test-lifecycle';

const A = 'aaaaaaaaaaaa';
const B = 'bbbbbbbbbbbb';
let life: TestLifecycle;

beforeEach(async () => {
  life = await new TestLifecycle().open();
  const zip = await zipSingleFile('index.js', 'exports.handler = () => 1;');
  const sha256 = createHash('sha256').update(zip).digest('hex');
  writeFileSync(join(life.directory, 'packages', `${sha256}.zip`), zip);
  await life.warm(A, sha256);
  await life.cold(B);
});
afterEach(() => life.close());

describe('a funclet that removes what it made', () => {
  it('leaves no container, no directory, no mount, no network and no reserved memory', async () => {
    await life.context.egress.ensure(life.signal);
    await removeAll(life.context, life.containers);
    expect([life.stateOf(A), life.stateOf(B)]).toEqual(['gone', 'gone']);
    expect(await life.engine.list(instanceLabels(INSTANCE), life.signal)).toEqual([]);
    expect(readdirSync(join(life.directory, 'containers'))).toEqual([]);
    expect(life.codeMounts.attached.size).toBe(0);
    expect(life.codeMounts.isReleased).toBe(true);
    expect(life.networks.running).toEqual([]);
    expect(life.networks.calls).toContain('removeBridge');
    expect(life.ledger.reservedMb).toBe(0);
  });

  it('goes on with the others when Docker refuses one', async () => {
    life.engine.failNext('remove', new EngineError('refused', 'in use'));
    await removeAll(life.context, life.containers);
    expect([life.stateOf(A), life.stateOf(B)]).toEqual(['resetting', 'gone']);
    expect(life.codeMounts.isReleased).toBe(true);
  });
});
