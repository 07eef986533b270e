import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../support/repository';
import { deploy, invoke, removeDeployments } from '../support/stack';

afterAll(removeDeployments);

const folder = join(repositoryRoot, 'examples');
const single = readdirSync(folder).flatMap((name): { name: string; runtime: 'nodejs20' | 'python3'; file: string }[] => {
  const files = readdirSync(join(folder, name));
  if (files.includes('index.js')) return [{ name, runtime: 'nodejs20', file: join(folder, name, 'index.js') }];
  if (files.includes('index.py')) return [{ name, runtime: 'python3', file: join(folder, name, 'index.py') }];
  return [];
});

/** Run by a test of their own. */
const OTHERS = ['custom-runtime-go', 'registry'];

describe('an example', () => {
  it('is there for every folder of examples', () => {
    expect([...single.map(({ name }) => name), ...OTHERS].sort()).toEqual(readdirSync(folder).sort());
  });

  it.each(single)('$name runs', async ({ runtime, file }) => {
    const answer = await invoke(await deploy({ runtime, source: readFileSync(file, 'utf8') }), { name: 'you' });
    expect({ status: answer.status, error: answer.headers.get('x-easyfaas-function-error') }).toEqual({ status: 200, error: null });
    expect(answer.text).toContain('you');
  });
});
