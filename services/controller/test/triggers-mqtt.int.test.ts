import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MqttClient, connect } from 'mqtt';
import type { TriggerView } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { parseDestination } from '../src/async/destinations/destination';
import { UrlRules } from '../src/async/destinations/url-rules';
import { publishMqtt } from '../src/triggers/sources/mqtt/publish-mqtt';
import { startApi, type ApiUnderTest } from './api-under-test';
import { eventually } from './eventually';
import { type Client, clientOf, codeOf, jsonBody } from './http-client';
import { startRedis, type TestRedis } from './redis-server';

const hasBroker = spawnSync('mosquitto', ['-h']).error === undefined && spawnSync('redis-server', ['--version']).status === 0;
// Both are set up together by scripts/test.mjs.
if (!hasBroker && process.env['REQUIRE_REDIS'] === '1') throw new Error('There is no mosquitto, or no redis-server.');
if (!hasBroker) process.stderr.write('SKIPPED: no mosquitto\n');
const describeWithBroker = hasBroker ? describe : describe.skip;

const SOURCE = { headers: { 'Content-Type': 'text/javascript' }, body: 'exports.handler = async (event) => event;' };

describeWithBroker('mqtt triggers', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let call: Client;
  let folder: string;
  let port: number;
  /** Where users have passwords. */
  let guardedPort: number;
  let broker: ChildProcess;
  let client: MqttClient;

  const startBroker = async (): Promise<void> => {
    broker = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
    const started = broker;
    process.once('exit', () => started.kill('SIGKILL'));
    await eventually(() => answers(port), 20_000);
  };
  /** Of the only user; the broker reads its file anew. */
  const setPassword = (password: string): void => {
    expect(spawnSync('mosquitto_passwd', ['-b', join(folder, 'passwords'), 'easyfaas', password]).status).toBe(0);
    broker.kill('SIGHUP');
  };
  const stopBroker = async (): Promise<void> => {
    const ended = new Promise((resolve) => broker.once('exit', resolve));
    broker.kill('SIGTERM');
    await ended;
  };

  beforeAll(async () => {
    redis = await startRedis();
    folder = await mkdtemp(join(tmpdir(), 'easyfaas-mqtt-'));
    port = await freePort();
    guardedPort = await freePort();
    const passwords = join(folder, 'passwords');
    await writeFile(passwords, '');
    const lines = [
      'per_listener_settings true',
      'persistence true',
      `persistence_location ${folder}/`,
      'user root',
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      `listener ${guardedPort} 127.0.0.1`,
      'allow_anonymous false',
      `password_file ${passwords}`,
    ];
    await writeFile(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
    await startBroker();
    setPassword('swordfish');
    client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 200 });
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix, triggerOptions: { async: { urlAllow: ['127.0.0.1'] } } });
    call = clientOf(api.url, await api.adminKey());
    expect((await call('/v1/functions/target?Runtime=nodejs20&Handler=index.handler', { method: 'POST', ...SOURCE })).status).toBe(201);
  });

  beforeEach(() => {
    api.events.length = 0;
    api.intake.failure = undefined;
  });

  afterAll(async () => {
    await client.endAsync(true);
    await api.stop();
    await stopBroker();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const create = async (Topics: string[], more: object = {}): Promise<string> => {
    const Configuration = { Url: `mqtt://127.0.0.1:${port}`, Topics, ...more };
    const answer = await call('/v1/triggers', { method: 'POST', ...jsonBody({ Source: 'mqtt', FunctionName: 'target', Configuration }) });
    if (answer.status !== 201) throw new Error(answer.text);
    const { TriggerId } = answer.json<TriggerView>();
    await eventually(async () => {
      // Retained, so that it is there whenever the subscription is made.
      await client.publishAsync(Topics[0]?.replace(/[+#]/, 'ready') ?? '', '"ready"', { qos: 1 });
      if (!payloads().includes('ready')) throw new Error('not subscribed');
    }, 20_000);
    api.events.length = 0;
    return TriggerId;
  };
  const payloads = (): unknown[] => api.events.map((event) => (JSON.parse(event.payload.toString()) as { payload: unknown }).payload);
  const comes = (value: unknown): Promise<void> => eventually(() => expect(payloads()).toContainEqual(value), 20_000);

  it('hands messages over with their topic', async () => {
    await create(['plant/+']);
    await client.publishAsync('plant/7', '{"t":21}', { qos: 1 });
    await comes({ t: 21 });
    const found = api.events
      .map((event) => JSON.parse(event.payload.toString()) as { topic: string })
      .find(({ topic }) => topic === 'plant/7');
    expect(found).toEqual({ topic: 'plant/7', qos: 1, retain: false, payload: { t: 21 }, isBase64Encoded: false });
  });

  it('are destinations, too: a topic gets what came of an event', async () => {
    const rules = new UrlRules(['127.0.0.1']);
    const owner = { accountId: 'default', region: 'local' };
    const destination = parseDestination(`mqtt://127.0.0.1:${port}/plant/done%20here`, owner, rules);
    if (destination.kind !== 'mqtt') throw new Error(destination.kind);
    const got = new Promise((resolve) => client.once('message', (topic, payload) => resolve([topic, payload.toString()])));
    await client.subscribeAsync('plant/done here', { qos: 1 });
    await publishMqtt(destination, Buffer.from('{"n":1}'), rules);
    expect(await got).toEqual(['plant/done here', '{"n":1}']);
    await client.unsubscribeAsync('plant/done here');
    // The address that a name has is checked when the connection is made.
    const named = { ...destination, host: 'localhost' };
    await expect(publishMqtt(named, Buffer.from('1'), new UrlRules([]))).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
    await expect(publishMqtt({ ...destination, port: 1 }, Buffer.from('1'), rules)).rejects.toThrow();
    for (const wrong of [
      'mqtt://10.0.0.1/a',
      'mqtts://broker.example.org',
      'mqtts://broker.example.org/a/+',
      'mqtts://u:p@broker.example.org/a',
    ]) {
      expect(() => parseDestination(wrong, owner, new UrlRules([]))).toThrow(ServiceError);
    }
  });

  it('lets in who knows the password, and says in words that another one was wrong', async () => {
    const Configuration = { Url: `mqtt://127.0.0.1:${guardedPort}`, Topics: ['guarded/+'], Username: 'easyfaas' };
    const body = { Source: 'mqtt', FunctionName: 'target', Configuration, Secrets: { Password: 'cuttlefish' } };
    const made = await call('/v1/triggers', { method: 'POST', ...jsonBody(body) });
    expect({ status: made.status, text: made.text }).toMatchObject({ status: 201 });
    const { TriggerId } = made.json<TriggerView>();
    const view = async (): Promise<TriggerView> => (await call(`/v1/triggers/${TriggerId}`)).json<TriggerView>();
    const refused = {
      State: 'failed',
      LastError: { Code: 'SOURCE_UNAVAILABLE', Message: expect.stringMatching(/Not authorized/) as string },
    };
    await eventually(async () => expect(await view()).toMatchObject(refused), 20_000);
    // It is tried again by itself.
    setPassword('cuttlefish');
    await eventually(async () => expect((await view()).State).toBe('active'), 20_000);
    setPassword('swordfish');
    await stopBroker();
    await startBroker();
    await eventually(async () => expect(await view()).toMatchObject(refused), 20_000);
    const changed = await call(`/v1/triggers/${TriggerId}`, { method: 'PUT', ...jsonBody({ Secrets: { Password: 'swordfish' } }) });
    expect(changed.status).toBe(200);

    const rules = new UrlRules(['127.0.0.1']);
    const to = { host: '127.0.0.1', port: guardedPort, isEncrypted: false, topic: 'guarded/a' };
    const publish = (username: string, password: string): Promise<void> =>
      publishMqtt(to, Buffer.from('{"n":5}'), rules, { username, password });
    await eventually(async () => {
      await publish('easyfaas', 'swordfish');
      expect(payloads()).toContainEqual({ n: 5 });
    }, 20_000);
    await eventually(async () => expect((await view()).State).toBe('active'), 20_000);
    await expect(publish('easyfaas', 'cuttlefish')).rejects.toThrow(/Not authorized/);
    await expect(publish('somebody', 'swordfish')).rejects.toThrow(/Not authorized/);
    await expect(publishMqtt(to, Buffer.from('1'), rules)).rejects.toThrow(/Not authorized/);
    expect([made.text, changed.text, JSON.stringify(await view())].join()).not.toMatch(/swordfish|cuttlefish/);
    expect((await call(`/v1/triggers/${TriggerId}`, { method: 'DELETE' })).status).toBe(204);
  });

  it('keeps the password of a destination sealed and never shows it', async () => {
    const path = '/v1/functions/target/event-invoke-config';
    const put = (OnFailure: object): ReturnType<Client> => call(path, { method: 'PUT', ...jsonBody({ DestinationConfig: { OnFailure } }) });
    const broker = { Destination: 'mqtts://broker.example.com/done', Username: 'easyfaas' };
    const made = await put({ ...broker, Password: 'swordfish' });
    expect(made.json()).toMatchObject({ DestinationConfig: { OnFailure: broker } });
    expect([made.text, (await call(path)).text].join()).not.toMatch(/swordfish|Password/);
    expect(codeOf(await put({ Destination: 'https://example.com/hook', Username: 'easyfaas' }))).toBe('VALIDATION_FAILED');
    expect(codeOf(await put({ Destination: broker.Destination, Password: 'swordfish' }))).toBe('VALIDATION_FAILED');
    expect((await call(path, { method: 'DELETE' })).status).toBe(204);
  });

  it('acknowledges only what is durable', async () => {
    await create(['durable/+']);
    api.intake.failure = new ServiceError('STORE_UNAVAILABLE', 'away');
    await client.publishAsync('durable/a', '{"n":1}', { qos: 1 });
    await eventually(async () => {
      const { Triggers } = (await call('/v1/triggers')).json<{ Triggers: TriggerView[] }>();
      if (!Triggers.some(({ State }) => State === 'failed')) throw new Error('not failing');
    }, 10_000);
    api.intake.failure = undefined;
    await comes({ n: 1 });
  });

  it('gets what came while it was paused', async () => {
    const triggerId = await create(['paused/+']);
    await call(`/v1/triggers/${triggerId}/pause`, { method: 'POST' });
    await eventually(async () => {
      await client.publishAsync('paused/a', '{"n":2}', { qos: 1 });
      if (api.events.length > 0) {
        api.events.length = 0;
        throw new Error('still running');
      }
    }, 10_000);
    await call(`/v1/triggers/${triggerId}/resume`, { method: 'POST' });
    await comes({ n: 2 });
  });

  it('F128 makes a dead letter of what it cannot read and goes on', async () => {
    const triggerId = await create(['bad/+']);
    await client.publishAsync('bad/a', Buffer.from([0xff, 0]), { qos: 1 });
    await client.publishAsync('bad/a', '{"n":3}', { qos: 1 });
    await comes({ n: 3 });
    const { DeadLetters } = (await call(`/v1/triggers/${triggerId}/dead-letters`)).json<{
      DeadLetters: { Reason: string; MessageId: string }[];
    }>();
    expect(DeadLetters).toEqual([expect.objectContaining({ MessageId: 'bad/a', Reason: expect.stringContaining('not UTF-8') as string })]);
  });

  it('comes back when the broker does', async () => {
    const triggerId = await create(['back/+']);
    await stopBroker();
    await eventually(async () => {
      const { State, LastError } = (await call(`/v1/triggers/${triggerId}`)).json<TriggerView>();
      if (State !== 'failed') throw new Error(State);
      expect(LastError?.Code).toBe('SOURCE_UNAVAILABLE');
    }, 10_000);
    await startBroker();
    await eventually(async () => {
      await client.publishAsync('back/a', '{"n":4}', { qos: 1 });
      expect(payloads()).toContainEqual({ n: 4 });
    }, 20_000);
  });

  it.each(['mqtt://10.0.0.1', 'mqtt://localhost', 'http://127.0.0.1', 'mqtt://u:p@127.0.0.1'])('T16 refuses %s', async (Url) => {
    const body = { Source: 'mqtt', FunctionName: 'target', Configuration: { Url, Topics: ['a'] } };
    expect(codeOf(await call('/v1/triggers', { method: 'POST', ...jsonBody(body) }))).toBe('URL_NOT_ALLOWED');
  });

  it.each(['a/#/b', 'a+', '#a'])('refuses the topic filter %s', async (topic) => {
    const body = { Source: 'mqtt', FunctionName: 'target', Configuration: { Url: `mqtt://127.0.0.1:${port}`, Topics: [topic] } };
    expect(codeOf(await call('/v1/triggers', { method: 'POST', ...jsonBody(body) }))).toBe('VALIDATION_FAILED');
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

function answers(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}
