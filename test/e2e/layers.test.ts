import type { FunctionConfiguration, LayerVersionView } from '@easyfaas/contracts/wire';
import { packageOf } from '../support/evil-zip';
import { call, callJson, deploy, invoke, removeDeployments, type Answer } from '../support/stack';

const made: string[] = [];
let sequence = 0;

afterAll(async () => {
  await removeDeployments();
  for (const path of made) await call(path, { method: 'DELETE' });
});

/** @returns `name:version` */
async function publish(files: Record<string, string>, query = '', layer = `layer-${process.pid}-${++sequence}`): Promise<string> {
  const headers = { 'Content-Type': 'application/zip' };
  const answer = await call(`/v1/layers/${layer}/versions${query}`, { method: 'POST', headers, body: packageOf(files) });
  expect(answer.status).toBe(201);
  const { LayerName, Version } = answer.json<LayerVersionView>();
  made.push(`/v1/layers/${LayerName}/versions/${Version}`);
  return `${LayerName}:${Version}`;
}

const use = (name: string, ...layers: string[]): Promise<Answer> =>
  callJson('PUT', `/v1/functions/${name}/configuration`, { Layers: layers });

const NODE = `
  const fs = require('node:fs');
  const attempt = (work) => { try { return work(); } catch (error) { return error.code; } };
  exports.handler = async () => ({
    greeting: attempt(() => require('greet')),
    own: attempt(() => require('only-here')),
    data: attempt(() => fs.readFileSync('/opt/layers/data/x.txt', 'utf8')),
    write: attempt(() => fs.writeFileSync('/opt/layers/new', 'x')),
    change: attempt(() => fs.writeFileSync('/opt/nodejs/node_modules/greet/index.js', 'x')),
    remove: attempt(() => fs.rmSync('/opt/layers/nodejs', { recursive: true })),
    program: attempt(() => require('node:child_process').execSync('hello').toString()),
  });`;

describe('layers of a Node.js function', () => {
  const greet = (text: string): Record<string, string> => ({
    'nodejs/node_modules/greet/index.js': `module.exports = '${text}';`,
    'data/x.txt': text,
  });

  it('are laid over each other in their order, read-only, with modules and data in their places', async () => {
    const [one, two] = [
      await publish(greet('one')),
      await publish({ ...greet('two'), 'nodejs/node_modules/only-here/index.js': 'module.exports = 2;' }),
    ];
    const name = await deploy({ source: NODE });
    expect((await invoke(name)).json()).toMatchObject({ greeting: 'MODULE_NOT_FOUND', data: 'ENOENT' });

    const configured = await use(name, one, two);
    expect(configured.json<FunctionConfiguration>().Layers?.map(({ Arn }) => Arn)).toEqual([
      `brn:cloud:faas:local:default:layer:${one}`,
      `brn:cloud:faas:local:default:layer:${two}`,
    ]);
    const readOnly = { write: 'EROFS', change: 'EROFS', remove: expect.stringMatching(/EROFS|EACCES/) as string };
    expect((await invoke(name)).json()).toMatchObject({ greeting: 'two', own: 2, data: 'two', ...readOnly });

    await use(name, two, one);
    expect((await invoke(name)).json()).toMatchObject({ greeting: 'one', own: 2, data: 'one', ...readOnly });
    await use(name, one);
    expect((await invoke(name)).json()).toMatchObject({ greeting: 'one', own: 'MODULE_NOT_FOUND', ...readOnly });
    await use(name);
    expect((await invoke(name)).json()).toMatchObject({ greeting: 'MODULE_NOT_FOUND' });
  });

  it('go on working when the layer version is deleted, and stay what a published version had', async () => {
    const one = await publish(greet('kept'));
    const name = await deploy({ source: NODE });
    await use(name, one);
    await callJson('POST', `/v1/functions/${name}/versions`, {});
    const [layer, version] = one.split(':');
    expect((await call(`/v1/layers/${layer}/versions/${version}`, { method: 'DELETE' })).status).toBe(204);
    expect((await invoke(name)).json()).toMatchObject({ greeting: 'kept' });
    // It may stay where it is; nobody else can take it any more.
    expect((await use(name, one)).status).toBe(200);
    expect((await use(await deploy({ source: NODE }), one)).status).toBe(404);
    await use(name);
    expect((await invoke(name)).json()).toMatchObject({ greeting: 'MODULE_NOT_FOUND' });
    expect((await invoke(`${name}:1`)).json()).toMatchObject({ greeting: 'kept' });
  });
});

describe('layers of a Python function', () => {
  it('give it modules, after its own', async () => {
    const layer = await publish(
      { 'python/greet.py': "text = 'layer'", 'python/index.py': 'raise Exception()' },
      '?CompatibleRuntimes=python3',
    );
    const name = await deploy({ runtime: 'python3', source: 'import greet\n\n\ndef handler(event, context):\n    return greet.text\n' });
    expect((await invoke(name)).headers.get('x-easyfaas-function-error')).toBe('Unhandled');
    await use(name, layer);
    expect((await invoke(name)).json()).toBe('layer');
    expect((await use(await deploy({ source: NODE }), layer)).status).toBe(400);
  });
});
