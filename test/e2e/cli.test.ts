import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually';
import { repositoryRoot } from '../support/repository';
import { callJson, newName, removeDeployments, stack } from '../support/stack';

const program = join(repositoryRoot, 'cli/bin/easyfaas.cjs');
let folder: string;

interface Ended {
  code: number;
  out: string;
  err: string;
}

/** Runs one command as a user would. */
function easyfaas(args: string[], { env = {}, input }: { env?: Record<string, string>; input?: string } = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { cwd: folder, env: { PATH: process.env['PATH'], EASYFAAS_URL: stack.url, EASYFAAS_KEY: stack.key, ...env } },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err }),
    );
    child.stdin?.end(input);
  });
}

async function succeed(args: string[], options?: { input?: string }): Promise<Ended> {
  const ended = await easyfaas(args, options);
  if (ended.code !== 0) throw new Error(`easyfaas ${args.join(' ')} ended with ${ended.code}:\n${ended.out}\n${ended.err}`);
  return ended;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'easyfaas-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(removeDeployments);

describe('the command line', () => {
  it.each(['node', 'python', 'typescript'])('makes, deploys, calls, shows and deletes a %s function', async (template) => {
    const name = newName();
    await succeed(['init', name, '--template', template]);
    expect((await succeed(['deploy', name])).out).toContain(`+ ${name}  created`);
    expect((await succeed(['deploy', name])).out).toContain(`= ${name}  unchanged`);

    const called = await succeed(['invoke', name, '-d', '{"name":"you"}', '--log', '--timing']);
    expect(JSON.parse(called.out)).toEqual({ message: 'Hello, you!' });
    expect(called.err).toContain('called as');
    expect(called.err).toMatch(/ms {2}function ran/);

    expect((await succeed(['ls'])).out).toContain(name);
    expect(JSON.parse((await succeed(['describe', name, '--json'])).out)).toMatchObject({ Configuration: { FunctionName: name } });
    await eventually(async () => expect((await succeed(['logs', name])).out).toContain('called as'), 20_000);
    await succeed(['rm', name]);
    const gone = await easyfaas(['invoke', name]);
    expect(gone.code).toBe(3);
    expect(gone.err).toContain('FUNCTION_NOT_FOUND');
  });

  it('shows what a deployment would change, then changes that alone', async () => {
    const name = newName();
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => process.env.MODE;');
    await succeed(['deploy', 'f.js', '-n', name, '-e', 'MODE=slow']);
    const plan = await succeed(['deploy', 'f.js', '-n', name, '-m', '256', '-e', 'MODE=fast', '--dry-run']);
    expect(plan.out).toContain('would be updated');
    expect(plan.out).toContain('MemorySize: 128 -> 256');
    expect(plan.out).not.toContain('fast');
    expect((await succeed(['invoke', name])).out).toContain('slow');

    await succeed(['deploy', 'f.js', '-n', name, '-m', '256', '-e', 'MODE=fast']);
    expect((await succeed(['invoke', name])).out).toContain('fast');
    const { out } = await succeed(['describe', name, '--json']);
    expect(JSON.parse(out)).toMatchObject({ Configuration: { MemorySize: 256 } });
  });

  it('deploys the functions of a manifest, a folder with several files among them', async () => {
    const [first, second] = [newName(), newName()];
    writeFileSync(join(folder, 'index.py'), 'from answer import ANSWER\ndef handler(event, context):\n    return ANSWER\n');
    writeFileSync(join(folder, 'answer.py'), 'ANSWER = 42\n');
    writeFileSync(join(folder, 'one.js'), 'exports.handler = async () => 1;');
    writeFileSync(join(folder, '.easyfaasignore'), 'one.js\n');
    writeFileSync(
      join(folder, 'easyfaas.yml'),
      `functions:\n  ${first}:\n    code: .\n    timeoutSeconds: 5\n  ${second}:\n    code: ./one.js\n    tags: { team: a }\n`,
    );
    const { out } = await succeed(['deploy', '--json']);
    expect((JSON.parse(out) as { name: string }[]).map(({ name }) => name)).toEqual([first, second]);
    expect((await succeed(['invoke', first])).out).toBe('42');
    expect((await succeed(['invoke', second])).out).toBe('1');
    expect((await succeed(['deploy', '--only', second])).out).toBe(`= ${second}  unchanged\n`);
  });

  it('takes the event from a file and from standard input, and gives the result as it is', async () => {
    const name = newName();
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async (event) => event;');
    await succeed(['deploy', 'f.js', '-n', name]);
    writeFileSync(join(folder, 'event.json'), '{"from":"file"}');
    expect((await succeed(['invoke', name, '-f', 'event.json'])).out).toBe('{"from":"file"}');
    expect((await succeed(['invoke', name, '-f', '-'], { input: '{"from":"stdin"}' })).out).toBe('{"from":"stdin"}');
  });

  it('deploys and calls again at each save', async () => {
    const name = newName();
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => "first";');
    const child = spawn(process.execPath, [program, 'dev', 'f.js', '-n', name], {
      cwd: folder,
      env: { PATH: process.env['PATH'], EASYFAAS_URL: stack.url, EASYFAAS_KEY: stack.key },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      await eventually(() => expect([out, err]).toEqual([expect.stringContaining('first'), expect.stringContaining('watching')]), 30_000);
      writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => { throw new Error("broken"); };');
      await eventually(() => expect(err).toContain('The function failed: Error: broken'), 30_000);
      writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => "third";');
      await eventually(() => expect(out).toContain('third'), 30_000);
    } finally {
      child.kill('SIGINT');
    }
    expect(await ended).toBe(0);
  });

  it('publishes versions, points an alias at them with a canary, and rolls back', async () => {
    const name = newName();
    for (const version of [1, 2]) {
      writeFileSync(join(folder, 'f.js'), `exports.handler = async () => ${version};`);
      await succeed(['deploy', 'f.js', '-n', name]);
      expect((await succeed(['versions', 'publish', name])).out).toContain(`version ${version}`);
    }
    expect((await succeed(['alias', 'set', name, 'live', '2'])).out).toContain('version 2');
    expect((await succeed(['invoke', name, '-q', 'live'])).out).toBe('2');
    expect((await succeed(['rollback', name, 'live'])).out).toContain('2 -> 1');
    expect((await succeed(['invoke', name, '-q', 'live'])).out).toBe('1');
    await succeed(['alias', 'set', name, 'live', '1', '--canary', '2=100']);
    expect((await succeed(['alias', name])).out).toContain('100 % to 2');
    expect((await succeed(['invoke', name, '-q', 'live'])).out).toBe('2');
    const tooFar = await easyfaas(['rollback', name, 'live']);
    expect(tooFar.code).toBe(2);
    expect(tooFar.err).toContain('no version before 1');
    await succeed(['alias', 'rm', name, 'live']);
    expect((await succeed(['versions', name])).out).toMatch(/VERSION[^]*1[^]*2/);
  });

  it('queues a call, tells what became of it, and replays it', async () => {
    const name = newName();
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async (event) => ({ got: event.n });');
    await succeed(['deploy', 'f.js', '-n', name]);
    const { requestId } = JSON.parse((await succeed(['invoke', name, '-d', '{"n":7}', '--async'])).out) as { requestId: string };
    const ended = async (id: string): Promise<void> =>
      eventually(async () => {
        const { out } = await succeed(['invocations', 'show', id, '--json']);
        expect(JSON.parse(out)).toMatchObject({ status: 'succeeded', result: { got: 7 } });
      }, 20_000);
    await ended(requestId);
    const again = (await succeed(['replay', requestId])).out.trim();
    expect(again).not.toBe(requestId);
    await ended(again);
    expect((await succeed(['invocations', '--function', name])).out).toContain(requestId);
    expect((await succeed(['queue'])).out).toContain('easyfaas_queue_conservation_drift');
  });

  it('shows events that failed for good, and queues them once more', async () => {
    const name = newName();
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => { throw new Error("broken for now"); };');
    await succeed(['deploy', 'f.js', '-n', name]);
    await callJson('PUT', `/v1/functions/${name}/event-invoke-config`, { MaximumRetryAttempts: 0 });
    const { requestId } = JSON.parse((await succeed(['invoke', name, '--async'])).out) as { requestId: string };
    await eventually(async () => expect((await succeed(['dead-letters', name])).out).toContain(requestId), 20_000);
    expect((await succeed(['dead-letters', 'show', name, requestId])).out).toContain('broken for now');
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => "mended";');
    await succeed(['deploy', 'f.js', '-n', name]);
    await succeed(['redrive', name, '--id', requestId]);
    await eventually(
      async () => expect((await succeed(['invocations', '--function', name, '--status', 'succeeded'])).out).toContain(name),
      20_000,
    );
    await succeed(['dead-letters', 'purge', name, '--all']);
    expect((await succeed(['dead-letters', name])).out).toContain('No event');
  });

  it('makes a schedule, pauses it and deletes it', async () => {
    const name = newName();
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => 1;');
    await succeed(['deploy', 'f.js', '-n', name]);
    const made = await succeed(['triggers', 'create', 'cron', name, '-s', 'Schedule=0 7 1 1 *', '-s', 'TimeZone=Europe/Berlin', '--json']);
    const { TriggerId } = JSON.parse(made.out) as { TriggerId: string };
    expect((await succeed(['triggers', name])).out).toContain(TriggerId);
    expect((await succeed(['triggers', 'pause', TriggerId])).out).toContain('paused');
    expect((await succeed(['triggers', 'resume', TriggerId])).out).toContain('active');
    expect((await easyfaas(['triggers', 'create', 'cron', name, '-s', 'Schedule=never'])).code).toBe(3);
    await succeed(['triggers', 'rm', TriggerId]);
    expect((await succeed(['triggers', name])).out).toContain('There are no triggers');
  });

  it('gives a function a secret and a layer, and keeps it warm', async () => {
    const name = newName();
    const layer = `layer-${name}`;
    mkdirSync(join(folder, 'shared/nodejs/node_modules/answer'), { recursive: true });
    writeFileSync(join(folder, 'shared/nodejs/node_modules/answer/index.js'), 'module.exports = 42;');
    expect((await succeed(['layers', 'publish', layer, 'shared'])).out).toContain(`${layer}:1`);
    writeFileSync(join(folder, 'f.js'), "exports.handler = async () => [require('answer'), process.env.TOKEN ?? null];");
    await succeed(['deploy', 'f.js', '-n', name, '--layer', `${layer}:1`]);
    expect((await succeed(['invoke', name])).out).toBe('[42,null]');
    expect((await succeed(['deploy', 'f.js', '-n', name, '--layer', `${layer}:1`])).out).toContain('unchanged');

    await succeed(['secrets', 'set', name, 'TOKEN'], { input: 'hush\n' });
    expect((await succeed(['invoke', name])).out).toBe('[42,"hush"]');
    expect((await succeed(['secrets', name])).out).toContain('TOKEN');
    await succeed(['secrets', 'rm', name, 'TOKEN']);

    await succeed(['provision', name, '1']);
    await eventually(async () => expect((await succeed(['provision', name])).out).toContain('1 of 1 ready'), 30_000);
    await succeed(['provision', name, '0']);
    expect((await succeed(['layers'])).out).toContain(`${layer}:1`);
    await succeed(['layers', 'rm', layer, '1']);
  });

  it('prints a stream as it comes, with its end, its log and its failure', async () => {
    const name = newName();
    const source = `exports.handler = awslambda.streamifyResponse(async (event, out) => {
      console.log('streams');
      for (let n = 0; n < (event.count ?? 0); n++) out.write(n + ',');
      if (event.fails) throw new RangeError('too far');
      if (event.first) { out.write(event.first); await new Promise(() => {}); }
      out.end('end');
    });`;
    writeFileSync(join(folder, 'index.js'), source);
    await succeed(['deploy', 'index.js', '-n', name, '-t', '60']);
    const whole = await succeed(['invoke', name, '-d', '{"count":3}', '--log', '--timing']);
    expect(whole.out).toBe('0,1,2,end');
    expect(whole.err).toMatch(/streams[^]*REPORT[^]*first bytes/);
    expect((await succeed(['invoke', name, '-d', '{"count":3}', '--no-stream'])).out).toBe('0,1,2,end');
    const failed = await easyfaas(['invoke', name, '-d', '{"count":3,"fails":true}']);
    expect(failed).toMatchObject({ code: 1, out: '0,1,2,', err: expect.stringContaining('RangeError: too far') as string });
    // Not before its end, which never comes.
    const child = spawn(process.execPath, [program, 'invoke', name, '-d', '{"first":"at once"}'], {
      env: { PATH: process.env['PATH'], EASYFAAS_URL: stack.url, EASYFAAS_KEY: stack.key },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      expect(String((await once(child.stdout, 'data'))[0])).toBe('at once');
    } finally {
      child.kill();
    }
  });

  it('makes a key that may only invoke, and revokes it', async () => {
    const name = newName();
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => 1;');
    await succeed(['deploy', 'f.js', '-n', name]);
    const made = JSON.parse((await succeed(['keys', 'create', '--account', 'default', '--json'])).out) as { Key: string; KeyId: string };
    const env = { EASYFAAS_KEY: made.Key };
    expect((await easyfaas(['invoke', name], { env })).out).toBe('1');
    expect((await easyfaas(['rm', name], { env })).code).toBe(3);
    expect((await succeed(['keys'])).out).toContain(made.KeyId);
    await succeed(['keys', 'rm', made.KeyId]);
    await eventually(async () => expect((await easyfaas(['invoke', name], { env })).code).toBe(3), 20_000);
  });

  it('shows the pool, one container with its history, and drains it', async () => {
    const name = newName();
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => 1;');
    await succeed(['deploy', 'f.js', '-n', name]);
    await succeed(['invoke', name]);
    expect((await succeed(['pool'])).out).toContain(name);
    const { containers } = JSON.parse((await succeed(['pool', '--json'])).out) as {
      containers: { containerId: string; assignment?: { functionName: string } }[];
    };
    const containerId = containers.find(({ assignment }) => assignment?.functionName === name)?.containerId ?? '';
    expect(JSON.parse((await succeed(['pool', 'show', containerId])).out)).toMatchObject({ containerId });
    await succeed(['pool', 'drain', containerId]);
    await eventually(async () => expect((await succeed(['pool'])).out).not.toContain(name), 20_000);
  });

  it('tells the ends of a command apart by exit codes', async () => {
    const name = newName();
    writeFileSync(join(folder, 'f.js'), 'exports.handler = async () => { throw new TypeError("no"); };');
    await succeed(['deploy', 'f.js', '-n', name]);
    const failed = await easyfaas(['invoke', name]);
    expect(failed.code).toBe(1);
    expect(failed.err).toContain('The function failed: TypeError: no');
    expect((await easyfaas(['frobnicate'])).code).toBe(2);
    expect((await easyfaas(['deploy', 'missing.js'])).code).toBe(2);
    expect((await easyfaas(['ls'], { env: { EASYFAAS_KEY: 'easyfaas_aaaaaaaa_wrong' } })).code).toBe(3);
    const nobody = await easyfaas(['ls'], { env: { EASYFAAS_URL: 'http://127.0.0.1:9' } });
    expect(nobody.code).toBe(4);
    expect(nobody.err).toContain('npm run up');
  });

  it('finds a healthy stack healthy', async () => {
    const { code, out } = await easyfaas(['doctor', '--data-dir', stack.dataDirectory]);
    expect(out).not.toContain('✗');
    expect(code).toBe(0);
  });

  it('prints completions that a shell accepts', async () => {
    const { out } = await succeed(['completion', 'bash']);
    const script = `${out}\nCOMP_WORDS=(easyfaas keys cr); COMP_CWORD=2; _easyfaas; echo "\${COMPREPLY[*]}"`;
    const completed = await new Promise<string>((resolve, reject) =>
      execFile('bash', ['-c', script], (error, text) => (error === null ? resolve(text) : reject(new Error(error.message)))),
    );
    expect(completed.trim()).toBe('create');
  });

  it('has its bundle', () => {
    expect(existsSync(join(repositoryRoot, 'cli/dist/easyfaas.cjs'))).toBe(true);
  });
});
