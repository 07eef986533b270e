import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually';
import { observe } from '../support/load';
import { expectNoOrphans, instanceId } from '../support/orphans';
import { serviceContainer, untilReady } from '../support/services';
import { call, deploy, docker, invoke, poolContainers, removeDeployments, stack } from '../support/stack';

const GENUINE = `exports.handler = async () => 'genuine';`;

let instance: string;

beforeAll(async () => {
  await untilReady();
  instance = await instanceId();
});

afterAll(async () => {
  await removeDeployments();
  await expectNoOrphans(instance, 30_000);
});

/** Deploys a function, calls it once, and takes its container away: the next call has to mount its code again. */
async function deployAndCool(): Promise<{ name: string; codeDirectory: string; zip: string }> {
  // A text of its own, so that no other function shares the cached code, and by which it is found.
  const mark = `mark ${randomUUID()}`;
  const name = await deploy({ source: `${GENUINE} // ${mark}` });
  const containerId = (await invoke(name)).headers.get('x-easyfaas-container');
  const { Code } = (await call(`/v1/functions/${name}`)).json<{ Code: { Sha256: string } }>();
  expect((await call(`/v1/pool/${containerId}/drain`, { method: 'POST' })).status).toBeLessThan(300);
  await eventually(async () => expect((await poolContainers()).map((each) => each.containerId)).not.toContain(containerId), 20_000);
  const code = `${stack.dataDirectory}/code`;
  const [directory = ''] = (await inFunclet(`cd ${code}; grep -rl '${mark}' .`)).replace(/^\.\//, '').split('/');
  expect(directory).not.toBe('');
  return { name, codeDirectory: `${code}/${directory}`, zip: `${stack.dataDirectory}/packages/${Code.Sha256}.zip` };
}

/** Runs a command where the stores can be written: in the funclet's container, as its user 0. */
async function inFunclet(script: string): Promise<string> {
  return docker('exec', await serviceContainer('funclet'), 'sh', '-ec', script);
}

describe('unpacked code', () => {
  it('that was changed on the disk never runs, and is unpacked anew', async () => {
    const { name, codeDirectory } = await deployAndCool();
    const file = (await inFunclet(`find ${codeDirectory} -name index.js`)).trim();
    expect(file).toMatch(/index\.js$/);
    const at = GENUINE.indexOf('genuine');
    await inFunclet(`chmod u+w ${file}; printf altered | dd of=${file} bs=1 seek=${at} conv=notrunc status=none`);
    expect(await inFunclet(`cat ${file}`)).toContain('altered');

    const first = await invoke(name);
    expect(first.text).not.toContain('altered');
    if (first.status !== 200) expect(first.json()).toMatchObject({ error: { code: 'CODE_CORRUPT' } });
    await eventually(async () => {
      const answer = await invoke(name);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '"genuine"' });
    }, 30_000);
  });

  it('that was deleted from the disk is unpacked anew', async () => {
    const { name, codeDirectory } = await deployAndCool();
    await inFunclet(`chmod -R u+w ${codeDirectory}; rm -rf ${codeDirectory}`);
    await eventually(async () => {
      const answer = await invoke(name);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '"genuine"' });
    }, 30_000);
  });

  it('whose package is gone as well is missed in clear words, and other functions go on', async () => {
    const { name, codeDirectory, zip } = await deployAndCool();
    const other = await deployAndCool();
    await inFunclet(`chmod -R u+w ${codeDirectory}; rm -rf ${codeDirectory} ${zip}`);
    const outcome = await observe(name, {}, 30_000);
    expect(outcome.kind).toBe('PACKAGE_MISSING');
    expect((await invoke(name)).text).toMatch(/package/i);
    expect((await invoke(other.name)).text).toBe('"genuine"');
  });
});
