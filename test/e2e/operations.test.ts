import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribedAnswers, type OpenapiDocument } from '../support/described-answers';
import { eventually } from '../support/eventually';
import { expectNoOrphans, instanceId } from '../support/orphans';
import { expectError } from '../support/platform-error';
import { repositoryRoot } from '../support/repository';
import { call, deploy, docker, invoke, poolContainers, removeDeployments, stack } from '../support/stack';

afterAll(removeDeployments);

describe('the operations API', () => {
  it('says without a key that it is alive', async () => {
    const answer = await call('/healthz', { key: null });
    expect(answer.status).toBe(200);
  });

  it('says without a key that it is ready, with each dependency', async () => {
    const answer = await call('/readyz', { key: null });
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/redis/i);
    expect(answer.text).toMatch(/funclet/i);
  });

  it('says which version it is', async () => {
    const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { version: string };
    const answer = await call('/version', { key: null });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain(version);
  });

  it('counts calls in its metrics', async () => {
    const name = await deploy({ source: 'exports.handler = async () => 1;' });
    const total = async (): Promise<number> => {
      const { status, text } = await call('/metrics');
      expect(status).toBe(200);
      return [...text.matchAll(/^easyfaas_invocations_total(?:\{[^}]*\})? (\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
    };
    const before = await total();
    for (let index = 0; index < 5; index++) await invoke(name);
    // Events that other tests left behind count too.
    expect((await total()) - before).toBeGreaterThanOrEqual(5);
    expectError(await call('/metrics', { key: null }), 'UNAUTHORIZED');
  });

  it('answers what the OpenAPI document says', async () => {
    const name = await deploy({ source: "exports.handler = async (event) => { if (event.fail) throw new Error('no'); };" });
    const json = { 'Content-Type': 'application/json' };
    const send = (path: string, method: string, body: object): ReturnType<typeof call> =>
      call(path, { method, headers: json, body: JSON.stringify(body) });
    const made = {
      version: await send(`/v1/functions/${name}/versions`, 'POST', {}),
      alias: await send(`/v1/functions/${name}/aliases`, 'POST', { Name: 'live', FunctionVersion: '1' }),
      tags: await send(`/v1/functions/${name}/tags`, 'PUT', { Tags: { team: 'shop' } }),
      events: await send(`/v1/functions/${name}/event-invoke-config`, 'PUT', { MaximumRetryAttempts: 0 }),
      provisioned: await send(`/v1/functions/${name}/provisioned-concurrency?Qualifier=live`, 'PUT', {
        ProvisionedConcurrentExecutions: 1,
      }),
      trigger: await send('/v1/triggers', 'POST', { Source: 'cron', FunctionName: name, Configuration: { Schedule: 'rate(1 hour)' } }),
      event: await call(`/v1/functions/${name}/invocations`, {
        method: 'POST',
        headers: { ...json, 'X-Easyfaas-Invoke-Type': 'event' },
        body: '{"fail":true}',
      }),
    };
    expect(Object.values(made).map(({ status }) => status)).toEqual([201, 201, 200, 200, 202, 201, 202]);
    const { requestId } = made.event.json<{ requestId: string }>();
    await eventually(async () => expect((await call(`/v1/functions/${name}/dead-letters/${requestId}`)).status).toBe(200), 20_000);

    const triggerId = made.trigger.json<{ TriggerId: string }>().TriggerId;
    const described = new DescribedAnswers((await call('/v1/openapi.json')).json<OpenapiDocument>());
    const values: Record<string, string> = {
      id: name,
      alias: 'live',
      requestId,
      triggerId,
      containerId: (await poolContainers())[0]?.containerId ?? '',
      keyId: stack.key.split('_')[1] ?? '',
      runtime: 'nodejs20',
      version: '1',
    };
    const filled = (path: string): string => path.replace(/\{(\w+)\}/g, (_, parameter: string) => values[parameter] ?? 'none');
    const seen: string[] = [];
    const problems: string[] = [];
    for (const path of described.readable()) {
      const answer = await call(`${filled(path)}${path.endsWith('/provisioned-concurrency') ? '?Qualifier=live' : ''}`);
      if (answer.status === 404 && /\{(secret|layer|version)\}/.test(path)) continue;
      problems.push(...(answer.status === 200 ? described.problems(path, answer.json()) : [`${path} answers ${answer.text}`]));
      seen.push(path);
    }
    expect((await call(`/v1/triggers/${triggerId}`, { method: 'DELETE' })).status).toBe(204);
    expect(problems).toEqual([]);
    expect(seen.length).toBeGreaterThan(30);
    expect(described.problems('/version', { version: 1 }).length).toBeGreaterThan(1);
    const refused = await call('/v1/functions/none-such');
    expect(described.problems('/v1/functions/{id}', refused.json(), { status: 404 })).toEqual([]);
  });

  it('lists the runtimes', async () => {
    const answer = await call('/v1/runtimes');
    expect(answer.status).toBe(200);
    for (const name of ['nodejs20', 'python3']) expect(answer.text).toContain(`"${name}"`);
  });

  it('shows each container with its state, the reason for it and its function, and no token', async () => {
    const name = await deploy({ source: 'exports.handler = async () => 1;' });
    const containerId = (await invoke(name)).headers.get('x-easyfaas-container');
    const shown = await eventually(async () => {
      const found = (await poolContainers()).find((each) => each.containerId === containerId);
      expect(found).toMatchObject({ state: 'warm' });
      return found;
    }, 10_000);
    expect(shown).toMatchObject({ runtime: 'nodejs20', memoryMb: 128, assignment: { functionName: name, accountId: 'default' } });
    expect(shown?.reason).toMatch(/\w/);
    expect((await call('/v1/pool')).text).not.toMatch(/"token"/);
    expect(await docker('inspect', '--format', '{{.State.Status}}', shown?.dockerId ?? '')).toBe('running');
  });

  it('keeps cold containers of every runtime in store, and makes new ones for those it used', async () => {
    const coldOf = async (runtime: string): Promise<number> =>
      (await poolContainers()).filter((each) => each.runtime === runtime && each.state === 'cold').length;
    for (const runtime of ['nodejs20', 'python3']) await eventually(async () => expect(await coldOf(runtime)).toBeGreaterThan(0), 30_000);
    await Promise.all([1, 2, 3].map(async () => invoke(await deploy({ source: 'exports.handler = async () => 1;' }))));
    await eventually(async () => expect(await coldOf('nodejs20')).toBeGreaterThan(0), 30_000);
  });

  it('takes a container away on request and serves the next call from another one', async () => {
    const name = await deploy({ source: 'exports.handler = async () => 1;' });
    const containerId = (await invoke(name)).headers.get('x-easyfaas-container');
    const answer = await call(`/v1/pool/${containerId}/drain`, { method: 'POST' });
    expect(answer.status).toBeLessThan(300);
    const next = await invoke(name);
    expect(next.status).toBe(200);
    expect(next.headers.get('x-easyfaas-container')).not.toBe(containerId);
    await eventually(async () => expect((await poolContainers()).map((each) => each.containerId)).not.toContain(containerId), 30_000);
    expectError(await call('/v1/pool/000000000000/drain', { method: 'POST' }), 'CONTAINER_NOT_FOUND');
  });

  it('shows what Docker, the disk and the mounts hold', async () => {
    await expectNoOrphans(await instanceId(), 30_000);
  });
});

describe('records', () => {
  it('can be listed by function and by how the call ended', async () => {
    const name = await deploy({ source: `exports.handler = async (event) => { if (event.fail) throw new Error('as told'); return 1; };` });
    for (const fail of [false, true, false]) await invoke(name, { fail });
    await eventually(async () => {
      const all = await call(`/v1/invocations?function=${name}`);
      expect(all.text.match(/"requestId"/g)).toHaveLength(3);
    }, 10_000);
    const failed = await call(`/v1/invocations?function=${name}&status=failed`);
    expect(failed.text.match(/"requestId"/g)).toHaveLength(1);
    expect(failed.text).toContain('as told');
  });

  it('that are not kept are not found', async () => {
    expectError(await call('/v1/invocations/00000000-0000-4000-8000-000000000000'), 'RECORD_NOT_FOUND');
  });
});
