import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TriggerView } from '@easyfaas/contracts/wire';
import { eventually } from '../support/eventually';
import { repositoryRoot } from '../support/repository';
import { call, callJson, deploy, removeDeployments } from '../support/stack';

const triggerIds: string[] = [];

afterAll(async () => {
  for (const triggerId of triggerIds) await call(`/v1/triggers/${triggerId}`, { method: 'DELETE' });
  await removeDeployments();
});

const example = (name: string, file: string): string => readFileSync(join(repositoryRoot, 'examples', name, file), 'utf8');

/** Deploys an example and makes its trigger, with what the test has to change. */
async function make(name: string, configuration: object = {}): Promise<{ view: TriggerView; functionName: string }> {
  const functionName = await deploy({ runtime: 'nodejs20', source: example(name, 'index.js') });
  const request = JSON.parse(example(name, 'trigger.json')) as { Configuration: object };
  const body = { ...request, FunctionName: functionName, Configuration: { ...request.Configuration, ...configuration } };
  const answer = await callJson('POST', '/v1/triggers', body);
  if (answer.status !== 201) throw new Error(answer.text);
  const view = answer.json<TriggerView>();
  triggerIds.push(view.TriggerId);
  return { view, functionName };
}

/** Until the function has run as often. */
async function hasRun(functionName: string, times = 1): Promise<void> {
  await eventually(async () => {
    const { invocations } = (await call(`/v1/invocations?function=${functionName}`)).json<{ invocations: { status: string }[] }>();
    expect(invocations.filter(({ status }) => status === 'succeeded')).toHaveLength(times);
  }, 60_000);
}

describe('the example of a trigger', () => {
  it('http-orders answers', async () => {
    const { functionName } = await make('http-orders');
    const answer = await call(`/http/default/${functionName}/orders/5`, { key: null });
    expect([answer.status, answer.json()]).toEqual([200, { order: '5', method: 'GET' }]);
    expect((await call(`/http/default/${functionName}/other`, { key: null })).status).toBe(401);
  });

  it('cron-report runs when it is due, once', async () => {
    const { view, functionName } = await make('cron-report', {
      Schedule: `at(${new Date(Date.now() + 3000).toISOString().slice(0, 19)}Z)`,
    });
    expect(view.Details['NextRuns']).toHaveLength(1);
    await hasRun(functionName);
    await eventually(async () => {
      const { State } = (await call(`/v1/triggers/${view.TriggerId}`)).json<TriggerView>();
      expect(State).toBe('paused');
    }, 20_000);
  });

  it('webhook-github runs for a signed delivery, once', async () => {
    const { view, functionName } = await make('webhook-github');
    const body = '{"zen":"Keep it simple."}';
    const signature = `sha256=${createHmac('sha256', 'change-me').update(body).digest('hex')}`;
    const send = (headers: Record<string, string>): Promise<number> =>
      call(String(view.Details['Url']), {
        method: 'POST',
        key: null,
        headers: { 'Content-Type': 'application/json', ...headers },
        body,
      }).then(({ status }) => status);
    expect([await send({ 'X-Hub-Signature-256': signature }), await send({ 'X-Hub-Signature-256': signature }), await send({})]).toEqual([
      202, 202, 401,
    ]);
    await hasRun(functionName);
  });

  it('cloudevents runs for an event', async () => {
    const { view, functionName } = await make('cloudevents');
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/shop', 'ce-type': 'order', 'Content-Type': 'application/json' };
    expect((await call(String(view.Details['Url']), { method: 'POST', headers, body: '{"n":1}' })).status).toBe(202);
    await hasRun(functionName);
  });

  it.each(['queue', 'redis-stream'])('%s listens', async (name) => {
    const { view } = await make(name);
    expect(view.State).toBe('active');
    expect((await call(`/v1/triggers/${view.TriggerId}`)).json<TriggerView>().State).toBe('active');
  });

  it('mqtt is refused where its broker may not be reached', async () => {
    const functionName = await deploy({ runtime: 'nodejs20', source: example('mqtt', 'index.js') });
    const request = JSON.parse(example('mqtt', 'trigger.json')) as object;
    const answer = await callJson('POST', '/v1/triggers', {
      ...request,
      FunctionName: functionName,
      Configuration: { Url: 'mqtt://127.0.0.1', Topics: ['a'] },
    });
    expect([answer.status, answer.json<{ error: { code: string } }>().error.code]).toEqual([400, 'URL_NOT_ALLOWED']);
  });
});
