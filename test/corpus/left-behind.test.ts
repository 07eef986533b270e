import { eventually } from '../support/eventually';
import { observe, tally, unexpected } from '../support/load';
import { expectNoOrphans, instanceId } from '../support/orphans';
import { type Language, deploy, invoke, makeKey, removeDeployments } from '../support/stack';

let instance: string;

beforeAll(async () => {
  instance = await instanceId();
});

afterAll(async () => {
  await removeDeployments();
  await expectNoOrphans(instance, 30_000);
});

const POLLUTES: Record<Language, string> = {
  nodejs20: `
const fs = require('node:fs');
exports.handler = async (event) => {
  if (event !== 'attack') return 'fine';
  globalThis.leaked = true;
  fs.writeFileSync('/tmp/leaked', 'x');
  process.env.LEAKED = process.env.TZ = 'Asia/Kathmandu';
  process.chdir('/tmp');
  process.umask(0o777);
  process.title = 'leaked';
  process.on('exit', () => { for (;;); });
  process.on('uncaughtException', () => {});
  JSON.parse = JSON.stringify = () => { throw new Error('patched'); };
  Object.prototype.toJSON = () => 'patched';
  Object.prototype.leaked = true;
  Array.prototype.push = Array.prototype.join = () => { throw new Error('patched'); };
  Buffer.prototype.toString = Buffer.from = Buffer.concat = () => { throw new Error('patched'); };
  Map.prototype.get = Map.prototype.set = () => { throw new Error('patched'); };
  Promise.prototype.finally = () => { throw new Error('patched'); };
  require('node:net').Socket.prototype.write = () => { throw new Error('patched'); };
  globalThis.setTimeout = globalThis.queueMicrotask = () => { throw new Error('patched'); };
  console.log = process.stdout.write = () => { throw new Error('patched'); };
  return 'polluted';
};`,
  python3: `
import builtins, json, os, signal, socket, sys, time
def handler(event, context):
    if event != 'attack': return 'fine'
    def patched(*_, **__): raise RuntimeError('patched')
    builtins.leaked = True
    with open('/tmp/leaked', 'w') as file: file.write('x')
    os.environ['LEAKED'] = os.environ['TZ'] = 'Asia/Kathmandu'
    time.tzset()
    os.chdir('/tmp')
    os.umask(0o777)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    json.dumps = json.loads = json.JSONEncoder.encode = patched
    builtins.print = builtins.open = patched
    time.time = time.sleep = patched
    sys.path.clear()
    sys.stdout = sys.stderr = None
    sys.setrecursionlimit(80)
    return 'polluted'
`,
};

const LOOKS: Record<Language, string> = {
  nodejs20: `
const fs = require('node:fs');
exports.handler = async () => ({
  memory: globalThis.leaked === true || ({}).leaked === true,
  file: fs.existsSync('/tmp/leaked'),
  environment: [process.env.LEAKED ?? null, process.env.TZ ?? null],
  cwd: process.cwd() === '/tmp',
  patched: (() => { try { return JSON.parse(JSON.stringify({ a: 1 })).a !== 1; } catch { return true; } })(),
});`,
  python3: `
import builtins, json, os
def handler(event, context):
    return {
        'memory': hasattr(builtins, 'leaked'),
        'file': os.path.exists('/tmp/leaked'),
        'environment': [os.environ.get('LEAKED'), os.environ.get('TZ')],
        'cwd': os.getcwd() == '/tmp',
        'patched': json.loads(json.dumps({'a': 1})) != {'a': 1},
    }
`,
};

describe.each<Language>(['nodejs20', 'python3'])('D. What a function of %s leaves behind', (runtime) => {
  it('D98 in its own process does not stop its next call, and reaches no other function and no other account', async () => {
    const other = await makeKey('corpus-d98');
    const polluter = await deploy({ runtime, source: POLLUTES[runtime] });
    const attack = await invoke(polluter, 'attack');
    expect({ status: attack.status, text: attack.text }).toEqual({ status: 200, text: '"polluted"' });

    const next = await invoke(polluter, 'again');
    expect({ status: next.status, text: next.text }).toEqual({ status: 200, text: '"fine"' });
    for (const key of [{}, { key: other }]) {
      const answer = await invoke(await deploy({ runtime, source: LOOKS[runtime], ...key }), {}, key);
      expect(answer.json()).toMatchObject({ memory: false, file: false, cwd: false, patched: false });
      expect(answer.json<{ environment: (string | null)[] }>().environment).not.toContain('Asia/Kathmandu');
      expect(answer.headers.get('x-easyfaas-container')).not.toBe(attack.headers.get('x-easyfaas-container'));
    }
  }, 60_000);

  it('D103 when it exits at any moment around its reply is an answer or a failure of that call, and no slot is stuck', async () => {
    const source = {
      nodejs20: `exports.handler = async (event) => { setTimeout(() => process.exit(0), event.ms); return 'replied'; };`,
      python3: `import os, threading\ndef handler(event, context):\n    threading.Timer(event['ms'] / 1000, lambda: os._exit(0)).start()\n    return 'replied'\n`,
    };
    const name = await deploy({ runtime, source: source[runtime], timeoutSeconds: 10 });
    const outcomes = [];
    for (let ms = 0; ms < 12; ms++) outcomes.push(await observe(name, { ms }, 30_000));
    expect(unexpected(outcomes, ['ok', 'Runtime.ExitError', 'RUNTIME_LOST'])).toEqual({});
    expect(tally(outcomes)['ok']).toBeGreaterThan(0);
    await eventually(async () => expect((await observe(name, { ms: 5000 }, 30_000)).kind).toBe('ok'), 20_000);
  }, 120_000);

  it('D104 when it waits for itself blocks no pool: every call is answered, and other functions are served', async () => {
    const source = {
      nodejs20: `exports.handler = (event) => new Promise((resolve) => setTimeout(resolve, 4000, 'waited'));`,
      python3: `import time\ndef handler(event, context):\n    time.sleep(4)\n    return 'waited'\n`,
    };
    const name = await deploy({ runtime, source: source[runtime], timeoutSeconds: 6 });
    const other = await deploy({ runtime, source: LOOKS[runtime], timeoutSeconds: 30 });
    await invoke(other);
    const crowd = Array.from({ length: 30 }, () => observe(name, {}, 90_000));
    const served = await observe(other, {}, 30_000);
    expect(served.kind).toBe('ok');
    const outcomes = await Promise.all(crowd);
    expect(unexpected(outcomes, ['ok', 'THROTTLED', 'CAPACITY_EXCEEDED', 'RUNTIME_UNAVAILABLE', 'Sandbox.Timedout'])).toEqual({});
    expect(tally(outcomes)['ok']).toBeGreaterThan(0);
  }, 150_000);
});
