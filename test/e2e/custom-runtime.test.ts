import { zipFiles, type FileToZip } from '@easyfaas/code-package';
import { call, callJson, deploy, fixture, invoke, logTail, newName, removeDeployments } from '../support/stack';

afterAll(removeDeployments);

const TAIL = { headers: { 'Log-Type': 'Tail' } };

/** Deploys a package with a bootstrap and returns the function's name. */
async function deployPackage(files: readonly FileToZip[], more: object = {}): Promise<string> {
  const name = newName();
  const Code = { ZipFile: (await zipFiles(files)).toString('base64') };
  const answer = await callJson('POST', `/v1/functions/${name}`, { Runtime: 'provided', Handler: 'index.handler', Code, ...more });
  if (answer.status !== 201) throw new Error(`deploy of ${name} answered ${answer.status}: ${answer.text}`);
  return name;
}

const asTold = (more: object = {}): Promise<string> =>
  deployPackage([{ name: 'bootstrap', content: fixture('provided', 'does-as-told'), isExecutable: true }], more);

describe('a custom runtime', () => {
  it('is one shell script, deployed as a source file', async () => {
    const name = await deploy({ runtime: 'provided', source: fixture('provided', 'shell'), handler: 'any.thing' });
    const answer = await invoke(name, { name: 'you' }, TAIL);
    expect(answer.json()).toEqual({ handler: 'any.thing', event: { name: 'you' } });
    expect(logTail(answer)).toMatch(/called as [\w-]+\n/);
    expect((await invoke(name, [1])).json()).toEqual({ handler: 'any.thing', event: [1] });
  });

  it('takes as many calls at once as it polls for, in one container', async () => {
    const name = await asTold({ PodConcurrentQuota: 4, Environment: { Variables: { POLLS: '4' } } });
    const answers = await Promise.all([1, 2, 3, 4].map(() => invoke(name, { do: 'sleep', ms: 500 })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ headers }) => headers.get('x-easyfaas-container'))).size).toBe(1);
  });

  it.each([
    [{ do: 'fail', body: '{"errorType":"Own","errorMessage":"bad thing"}' }, 'Own', /bad thing/],
    [{ do: 'large', bytes: 6 * 1024 * 1024 + 1 }, 'Function.ResponseSizeTooLarge', /6291456 bytes/],
    [{ do: 'exit', code: 3 }, 'Runtime.ExitError', /exit status 3/],
    [{ do: 'kill', signal: 'SIGSEGV' }, 'Runtime.ExitError', /segmentation fault/],
    [{ do: 'never' }, 'Sandbox.Timedout', /timed out after 1.00 seconds/],
  ])('that does %j tells so, and serves the next call', async (event, type, message) => {
    const name = await asTold({ Timeout: 1 });
    const answer = await invoke(name, event);
    const { errorType, errorMessage } = answer.json<{ errorType: string; errorMessage: string }>();
    expect({ status: answer.status, errorType }).toEqual({ status: 200, errorType: type });
    expect(errorMessage).toMatch(message);
    expect((await invoke(name, { value: 'next' })).text).toBe('"next"');
  });

  it.each([
    ['is missing', { name: 'index.js', content: '' }, 'Runtime.InvalidEntrypoint', /no file "bootstrap"/],
    ['must not be executed', { name: 'bootstrap', content: '#!/bin/sh' }, 'Runtime.InvalidEntrypoint', /chmod \+x/],
    ['gives up', { name: 'bootstrap', content: fixture('provided', 'init-error'), isExecutable: true }, 'Runtime.NoSuchHandler', /no such/],
    [
      'ends at once',
      { name: 'bootstrap', content: fixture('provided', 'exits-on-load'), isExecutable: true },
      'Runtime.ExitError',
      /status 3/,
    ],
  ])('whose bootstrap %s says so', async (_what, file, type, message) => {
    const { errorType, errorMessage } = (await invoke(await deployPackage([file]))).json<{ errorType: string; errorMessage: string }>();
    expect(errorType).toBe(type);
    expect(errorMessage).toMatch(message);
  });

  it('can be in a layer', async () => {
    const layer = `runtime-${process.pid}`;
    const zip = await zipFiles([{ name: 'bootstrap', content: fixture('provided', 'shell'), isExecutable: true }]);
    const headers = { 'Content-Type': 'application/zip' };
    const made = await call(`/v1/layers/${layer}/versions`, { method: 'POST', headers, body: zip });
    expect(made.status).toBe(201);
    const name = await deployPackage([{ name: 'data.txt', content: 'x' }], { Layers: [`${layer}:1`] });
    expect((await invoke(name, 1)).json()).toEqual({ handler: 'index.handler', event: 1 });
    await call(`/v1/functions/${name}`, { method: 'DELETE' });
    expect((await call(`/v1/layers/${layer}/versions/1`, { method: 'DELETE' })).status).toBe(204);
  });
});
