import { call, callJson, deploy, docker, invoke, poolContainers, removeDeployments, stack, type Answer } from '../support/stack';

afterAll(removeDeployments);

const VALUE = 'hunter2-planted-e2e';
/** Says what it knows without saying it. */
const SOURCE = `
  const { createHash } = require('node:crypto');
  exports.handler = async () => createHash('sha256').update(process.env.DB_PASSWORD ?? 'none').digest('hex');`;
const hashOf = async (text: string): Promise<string> => {
  const bytes = await crypto.subtle.digest('SHA-256', Buffer.from(text));
  return Buffer.from(bytes).toString('hex');
};
const put = (name: string, value: string): Promise<Answer> =>
  callJson('PUT', `/v1/functions/${name}/secrets/DB_PASSWORD`, { Value: value });

describe('a secret', () => {
  it('reaches the function, and after an exchange the very next call has the new value, of a version too', async () => {
    const name = await deploy({ source: SOURCE });
    await callJson('POST', `/v1/functions/${name}/versions`, {});
    expect((await invoke(name)).json()).toBe(await hashOf('none'));
    for (const value of ['first', 'second']) {
      expect((await put(name, value)).status).toBe(200);
      for (const qualified of [name, `${name}:1`]) expect((await invoke(qualified)).json()).toBe(await hashOf(value));
    }
    expect((await call(`/v1/functions/${name}/secrets/DB_PASSWORD`, { method: 'DELETE' })).status).toBe(204);
    for (const qualified of [name, `${name}:1`]) expect((await invoke(qualified)).json()).toBe(await hashOf('none'));
  });

  it('T26 is not in what Docker says of the container, in a record, or in the services’ logs', async () => {
    const name = await deploy({ source: SOURCE });
    await put(name, VALUE);
    const answer = await invoke(name, {}, { headers: { 'X-Easyfaas-Log-Type': 'Tail' } });
    expect(answer.json()).toBe(await hashOf(VALUE));
    const container = (await poolContainers()).find(({ assignment }) => assignment?.functionName === name);
    expect(await docker('inspect', container?.dockerId ?? '')).not.toContain(VALUE);
    const requestId = answer.headers.get('x-easyfaas-request-id') ?? '';
    for (const path of [`/v1/functions/${name}`, `/v1/invocations/${requestId}`, '/v1/pool', '/metrics']) {
      expect((await call(path)).text).not.toContain(VALUE);
    }
    if (stack.project === '') return;
    for (const service of ['controller', 'funclet']) expect(await docker('logs', `${stack.project}-${service}-1`)).not.toContain(VALUE);
  });
});
