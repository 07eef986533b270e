import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Queue } from 'bullmq';
import { addressOf } from '../src/redis-connection';
import { LocalController } from './support/local-controller';
import { eventually } from './eventually';
import { describeWithPrivateRedis, restrictToDocumented, startPrivateRedis, type PrivateRedis } from './redis-server';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Whoever sets a destination may call it. */
const anybody = (): void => undefined;

describeWithPrivateRedis('F25 deliveries to URLs', () => {
  let redis: PrivateRedis;
  let denied: () => Promise<string[]>;
  let local: LocalController;
  let server: Server;
  let handler: Handler;
  let url: string;

  beforeEach(async () => {
    redis = await startPrivateRedis();
    denied = await restrictToDocumented(redis);
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => handler(request, response, body));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    local = new LocalController({ redis, async: { urlAllow: ['127.0.0.1'] } });
    await local.start();
    local.deploy('works', { source: 'exports.handler = async () => "done"' });
  }, 30_000);

  afterEach(async () => {
    await local.stop();
    expect(await denied()).toEqual([]);
    server.closeAllConnections();
    server.close();
    await redis.stop();
  });

  const configOf = (functionName: string) => ({ accountId: 'default', functionName, qualifier: '$LATEST' });

  async function send(destination: string, format?: 'cloudevents'): Promise<{ requestId: string; secret: string }> {
    const { SigningSecret = '' } = await local.events.configs.put(
      configOf('works'),
      {
        DestinationConfig: { OnSuccess: { Destination: destination, ...(format === undefined ? {} : { Format: format }) } },
      },
      anybody,
    );
    const { requestId } = await local.events.intake.accept({
      accountId: 'default',
      functionName: 'works',
      qualifier: '$LATEST',
      payload: Buffer.from('{"a":1}'),
      source: 'api',
    });
    return { requestId, secret: SigningSecret };
  }

  const deliveryOf = async (requestId: string) => (await local.events.store.read('default', requestId))?.delivery;

  it('are signed, repeated under one id after failures, and carry the record', async () => {
    const seen: { id: string; signature: string; body: string }[] = [];
    handler = (request, response, body) => {
      seen.push({ id: String(request.headers['x-easyfaas-delivery']), signature: String(request.headers['x-easyfaas-signature']), body });
      if (seen.length === 1) request.socket.destroy();
      else response.writeHead(seen.length === 2 ? 503 : 204).end();
    };
    const { requestId, secret } = await send(`${url}/hook`);
    await eventually(async () => expect((await deliveryOf(requestId))?.status).toBe('delivered'), 40_000);
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1);
    const [, seconds = '', mac = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(seen[2]?.signature ?? '') ?? [];
    expect(mac).toBe(createHmac('sha256', secret).update(`${seconds}.${seen[2]?.body}`).digest('hex'));
    expect(JSON.parse(seen[2]?.body ?? '')).toMatchObject({
      version: '1.0',
      requestContext: { requestId, condition: 'Success', functionArn: 'brn:cloud:faas:local:default:function:works:$LATEST' },
      requestPayload: { a: 1 },
      responsePayload: 'done',
    });
  }, 60_000);

  it('follow no redirect and become dead letters when they are refused for good', async () => {
    let redirected = 0;
    handler = (request, response) => {
      if (request.url === '/inside') redirected++;
      response.writeHead(302, { Location: `${url}/inside` }).end();
    };
    const { requestId } = await send(`${url}/hook`);
    await eventually(async () => expect((await deliveryOf(requestId))?.status).toBe('failed'), 30_000);
    expect(redirected).toBe(0);
    expect((await deliveryOf(requestId))?.error).toMatch(/302/);
    const page = await local.events.deadLetters.list('default', 'works', {}, { kind: 'delivery', limit: 10, offset: 0 });
    expect(page.letters.map((letter) => letter.requestId)).toEqual([requestId]);

    handler = (_request, response) => void response.writeHead(200).end();
    await local.events.deadLetters.redrive('default', 'works', {}, { kind: 'delivery', isForced: false });
    await eventually(async () => expect((await deliveryOf(requestId))?.status).toBe('delivered'), 30_000);
  }, 60_000);

  it('are jobs of a queue that triggers can take from', async () => {
    const { requestId } = await send('queue:done');
    await eventually(async () => expect((await deliveryOf(requestId))?.status).toBe('delivered'), 30_000);
    const queue = new Queue('done', { prefix: `${redis.prefix}:queues:default`, connection: addressOf(redis.url) });
    const [job] = await queue.getJobs(['waiting']);
    await queue.close();
    expect(job?.data).toMatchObject({ version: '1.0', requestContext: { requestId, condition: 'Success' }, responsePayload: 'done' });
  }, 60_000);

  it('are CloudEvents where that is wanted, the same one in every try', async () => {
    const seen: { type: string; event: unknown }[] = [];
    handler = (request, response, body) => {
      seen.push({ type: String(request.headers['content-type']), event: JSON.parse(body) });
      response.writeHead(seen.length === 1 ? 503 : 200).end();
    };
    const { requestId } = await send(`${url}/events`, 'cloudevents');
    await eventually(async () => expect((await deliveryOf(requestId))?.status).toBe('delivered'), 40_000);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toMatchObject({
      type: 'application/cloudevents+json; charset=utf-8',
      event: {
        specversion: '1.0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        source: 'brn:cloud:faas:local:default:function:works',
        type: 'easyfaas.invocation.succeeded',
        subject: requestId,
        data: { requestContext: { requestId }, responsePayload: 'done' },
      },
    });
  }, 60_000);

  async function sendWithCallback(functionName: string, callbackUrl: string): Promise<string> {
    const event = { accountId: 'default', functionName, qualifier: '$LATEST', payload: Buffer.from('{}'), source: 'api', callbackUrl };
    return (await local.events.intake.accept({ ...event, maximumRetryAttempts: 0 })).requestId;
  }
  const callbackOf = async (requestId: string) => (await local.events.store.read('default', requestId))?.callback;

  it('go to the URL that the caller named with the bare result, besides the destination', async () => {
    const seen: { request: IncomingMessage; body: string }[] = [];
    handler = (request, response, body) => {
      seen.push({ request, body });
      const isFirstOfCallback = request.url === '/back' && seen.filter((each) => each.request.url === '/back').length === 1;
      response.writeHead(isFirstOfCallback ? 503 : 200).end();
    };
    local.deploy('made', {
      source: 'exports.handler = async () => ({ statusCode: 201, headers: { "content-type": "text/css" }, body: "a{}" })',
    });
    const { secret } = await send(`${url}/hook`);
    expect(secret).not.toBe('');
    const requestId = await sendWithCallback('made', `${url}/back`);
    await eventually(async () => expect((await callbackOf(requestId))?.status).toBe('delivered'), 40_000);
    const [, second] = seen.filter(({ request }) => request.url === '/back');
    expect(second?.body).toBe('a{}');
    expect(second?.request.headers).toMatchObject({
      'content-type': 'text/css',
      'x-call-id': requestId,
      'x-function-name': 'made',
      'x-function-status': '201',
    });
    expect(second?.request.headers['x-duration-seconds']).toMatch(/^\d+\.\d{6}$/);
    expect(second?.request.headers['x-easyfaas-signature']).toBeUndefined();

    await local.events.configs.put(configOf('made'), { DestinationConfig: { OnSuccess: { Destination: `${url}/both` } } }, anybody);
    const both = await sendWithCallback('made', `${url}/back`);
    await eventually(async () => {
      expect([(await callbackOf(both))?.status, (await deliveryOf(both))?.status]).toEqual(['delivered', 'delivered']);
    }, 40_000);
  }, 90_000);

  it('tell the caller of a failure, and can be repeated when nobody listened', async () => {
    const statuses: string[] = [];
    handler = (request, response) => {
      statuses.push(String(request.headers['x-function-status']));
      response.writeHead(statuses.length === 1 ? 404 : 200).end();
    };
    local.deploy('throws', { source: 'exports.handler = async () => { throw new Error("inside"); }' });
    const requestId = await sendWithCallback('throws', `${url}/back`);
    await eventually(async () => expect((await callbackOf(requestId))?.status).toBe('failed'), 30_000);
    await local.events.deadLetters.redrive('default', 'throws', {}, { kind: 'delivery', isForced: false });
    await eventually(async () => expect((await callbackOf(requestId))?.status).toBe('delivered'), 30_000);
    expect(statuses).toEqual(['502', '502']);
  }, 60_000);

  it('are refused at the door when the URL is private', async () => {
    await expect(sendWithCallback('works', 'http://10.0.0.1/')).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
  });

  it('go to a stream of the account, too', async () => {
    const { requestId } = await send('redis-stream:log');
    await eventually(async () => expect((await deliveryOf(requestId))?.status).toBe('delivered'), 30_000);
  }, 60_000);
});
