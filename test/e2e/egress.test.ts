import { networkInterfaces } from 'node:os';
import { OutsideServer } from '../support/outside-server';
import { type Language, call, callJson, deploy, invoke, newName, removeDeployments, stack } from '../support/stack';

/** `address:port` that the stack under test allows, besides the name server there; see scripts/lib/test-stack.mjs. */
const allowed = process.env['EASYFAAS_TEST_EGRESS_SERVER'] ?? '';
const [address = '', port = ''] = allowed.split(':');
const isPossible = allowed !== '' && process.geteuid?.() === 0;
if (!isPossible && process.env['REQUIRE_DOCKER'] === '1')
  throw new Error('the tests of egress need root, iproute2 and EASYFAAS_TEST_EGRESS_SERVER');
if (!isPossible) process.stderr.write('SKIPPED: egress needs root and a stack that allows a test server\n');

const NODE = `
const net = require('node:net'), dns = require('node:dns/promises'), fs = require('node:fs'), os = require('node:os');
net.createServer((socket) => socket.end()).listen(9000, '0.0.0.0').on('error', () => undefined);
const dial = (options) => new Promise((resolve) => {
  const socket = net.connect(options);
  socket.setTimeout(2000, () => { socket.destroy(); resolve('TIMEOUT'); });
  socket.on('connect', () => { socket.destroy(); resolve('connected'); });
  socket.on('error', (error) => resolve(error.code));
});
exports.handler = async ({ urls = [], targets = [], names = [], sockets = [] }) => ({
  own: Object.values(os.networkInterfaces()).flat().filter(({ internal }) => !internal).map(({ address }) => address),
  urls: await Promise.all(urls.map((url) => fetch(url).then((answer) => answer.text(), (error) => String(error.cause?.code ?? error)))),
  targets: Object.fromEntries(await Promise.all(targets.map(async (each) => [each, await dial({ host: each.split(' ')[0], port: Number(each.split(' ')[1]) })]))),
  names: Object.fromEntries(await Promise.all(names.map(async (each) => [each, await dns.lookup(each, 4).then(({ address }) => address, (error) => error.code)]))),
  sockets: Object.fromEntries(await Promise.all(sockets.map(async (each) => [each, await dial({ path: each })]))),
  status: fs.readFileSync('/proc/self/status', 'utf8'),
});`;

const PYTHON = `
import errno, socket, threading, urllib.request
def listen():
    server = socket.create_server(('0.0.0.0', 9000))
    while True: server.accept()[0].close()
threading.Thread(target=listen, daemon=True).start()
def name_of(error):
    if isinstance(error, TimeoutError) or error.errno is None: return 'TIMEOUT'
    return errno.errorcode.get(error.errno, str(error.errno))
def dial(family, to):
    with socket.socket(family) as dialled:
        dialled.settimeout(2)
        try:
            dialled.connect(to)
            return 'connected'
        except OSError as error: return name_of(error)
def own():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(('1.1.1.1', 53))
        return [probe.getsockname()[0]]
def look_up(name):
    try: return socket.getaddrinfo(name, 80, socket.AF_INET)[0][4][0]
    except socket.gaierror as error: return str(error)
def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as answer: return answer.read().decode()
def inet(each):
    host, port = each.split(' ')
    return dial(socket.AF_INET, (host, int(port)))
def handler(event, context):
    return {
        'own': own(),
        'urls': [fetch(url) for url in event.get('urls', [])],
        'targets': {each: inet(each) for each in event.get('targets', [])},
        'names': {each: look_up(each) for each in event.get('names', [])},
        'sockets': {each: dial(socket.AF_UNIX, each) for each in event.get('sockets', [])},
        'status': open('/proc/self/status', encoding='utf-8').read(),
    }
`;

interface Probe {
  own: string[];
  urls: string[];
  targets: Record<string, string>;
  names: Record<string, string>;
  sockets: Record<string, string>;
  status: string;
}

(isPossible ? describe : describe.skip)('a function with egress', () => {
  const outside = new OutsideServer(address, Number(port));
  /** By language; each is also the other's neighbour. */
  const names = new Map<Language, string>();
  const addresses = new Map<Language, string>();

  const probe = async (runtime: Language, payload: object): Promise<Probe> => {
    const answer = await invoke(names.get(runtime) ?? '', payload);
    expect({ status: answer.status, error: answer.headers.get('x-easyfaas-function-error'), text: answer.text }).toMatchObject({
      status: 200,
      error: null,
    });
    return answer.json<Probe>();
  };

  beforeAll(async () => {
    await outside.start();
    for (const runtime of ['nodejs20', 'python3'] as const) {
      const source = runtime === 'nodejs20' ? NODE : PYTHON;
      names.set(runtime, await deploy({ runtime, source, timeoutSeconds: 60, network: 'egress' }));
      addresses.set(runtime, (await probe(runtime, {})).own[0] ?? '');
    }
  }, 120_000);

  afterAll(async () => {
    outside.stop();
    await removeDeployments();
  });

  describe.each<Language>(['nodejs20', 'python3'])('in %s', (runtime) => {
    it('reaches what the operator allows, by address and by name', async () => {
      const { urls, names: found } = await probe(runtime, {
        urls: [`http://${allowed}/`, `http://api.example.test:${port}/`],
        names: ['api.example.test'],
      });
      expect(urls).toEqual(['outside', 'outside']);
      expect(found).toEqual({ 'api.example.test': address });
    });

    it('reaches no other port there, no address of this machine, no metadata service, no neighbour', async () => {
      const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
      const hosts = own.filter(({ family, internal }) => family === 'IPv4' && !internal).map((each) => each.address);
      const gateway = (addresses.get(runtime) ?? '').replace(/\d+\.\d+$/, '0.1');
      const neighbour = addresses.get(runtime === 'nodejs20' ? 'python3' : 'nodejs20') ?? '';
      const stackPort = new URL(stack.url).port;
      const targets = [
        `${address} ${Number(port) + 1}`,
        ...[...hosts, gateway, '127.0.0.1'].flatMap((host) => [`${host} ${stackPort}`, `${host} 6379`, `${host} 22`]),
        '169.254.169.254 80',
        '10.0.0.1 80',
        '192.168.1.1 80',
        `${neighbour} 9000`,
      ];
      const answers = (await probe(runtime, { targets })).targets;
      const refusals = ['EHOSTUNREACH', 'ECONNREFUSED', 'TIMEOUT'];
      expect(Object.entries(answers).filter(([, answer]) => !refusals.includes(answer))).toEqual([]);
      expect(Object.keys(answers).length).toBeGreaterThan(10);
      expect(answers[`${address} ${Number(port) + 1}`]).toBe('EHOSTUNREACH');
      // The neighbour is there: it reaches itself.
      expect((await probe(runtime, { targets: ['127.0.0.1 9000'] })).targets).toEqual({ '127.0.0.1 9000': 'connected' });
    });

    it('sees no socket of the services, and has no right to change its network', async () => {
      const sockets = ['/var/run/docker.sock', '/run/redis/redis.sock', `${stack.dataDirectory}/run/funclet.sock`];
      const { sockets: seen, status } = await probe(runtime, { sockets });
      expect(new Set(Object.values(seen))).toEqual(new Set(['ENOENT']));
      expect(/^CapBnd:\s*(\S+)/m.exec(status)?.[1]).toBe('0000000000000000');
    });
  });

  it('has a pool of its own, and can give its network up again', async () => {
    const pool = (await call('/v1/pool')).json<{ containers: { network: string; assignment?: { functionName: string } }[] }>();
    const mine = pool.containers.filter(({ assignment }) => [...names.values()].includes(assignment?.functionName ?? ''));
    expect(new Set(mine.map(({ network }) => network))).toEqual(new Set(['egress']));
    const name = newName();
    const body = { Runtime: 'nodejs20', Handler: 'index.handler', NetworkMode: 'everything', Code: { ZipFile: '-' } };
    expect((await callJson('POST', `/v1/functions/${name}`, body)).status).toBe(400);
    const changed = await callJson('PUT', `/v1/functions/${names.get('nodejs20')}/configuration`, { NetworkMode: 'none' });
    expect({ status: changed.status, text: changed.text }).toMatchObject({ status: 200 });
    const { own } = await probe('nodejs20', {});
    expect(own).toEqual([]);
  });
});
