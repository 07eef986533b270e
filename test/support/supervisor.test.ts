import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from './repository';

const LIBRARY = pathToFileURL(join(repositoryRoot, 'scripts/lib/supervisor.mjs')).href;

/** Runs a module that has the supervisor's parts, and `shell`, a program that is a script of sh. @returns what it printed, line by line */
function run(script: string): string[] {
  const module = `
    import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
    import { Supervisor, restartDelayMs } from ${JSON.stringify(LIBRARY)};
    const shell = (name, text, graceMs = 20_000) => ({ name, command: 'sh', args: ['-c', text], env: process.env, graceMs });
    const say = (text) => process.stdout.write(text + '\\n');
    const tell = (message, { program }) => say(program + ' ' + message);
    const folder = mkdtempSync(${JSON.stringify(join(tmpdir(), 'easyfaas-supervisor-'))});
    const outputOf = () => openSync(folder + '/output', 'a');
    const output = () => readFileSync(folder + '/output', 'utf8').trim();
    process.once('exit', () => rmSync(folder, { recursive: true }));
    const until = async (check) => { while (!check()) await new Promise((resolve) => setTimeout(resolve, 10)); };
    ${script}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', module], { timeout: 30_000 });
  if (status !== 0) throw new Error(`status ${status}: ${stderr.toString()}`);
  return stdout.toString().split('\n').filter(Boolean);
}

/** Ends at SIGTERM and says so. */
const POLITE = `trap 'echo $0 ends; exit 0' TERM; echo $0 runs; while :; do sleep 0.05; done`;

describe('the supervisor of programs', () => {
  it('waits longer with each end in a row, up to 10 s', () => {
    expect(run('say([1, 2, 3, 6, 7, 100].map(restartDelayMs).join())')).toEqual(['200,400,800,6400,10000,10000']);
  });

  it('ends programs one after another, the last one first', () => {
    const lines = run(`
      const polite = (name) => ({ ...shell(name, ''), args: ['-c', ${JSON.stringify(POLITE)}, name] });
      const supervisor = new Supervisor([polite('one'), polite('two'), polite('three')], { cwd: '/', tell, outputOf });
      supervisor.start();
      await until(() => output().split(' runs').length === 4);
      await supervisor.stop();
      say(output());
      say(JSON.stringify(supervisor.pids));`);
    expect(lines.filter((line) => !line.endsWith(' runs'))).toEqual(['three ends', 'two ends', 'one ends', '{}']);
  });

  it('starts a program again that ends, or cannot be started, and not while it stops', () => {
    const lines = run(`
      const told = [];
      const bad = { name: 'missing', command: '/not/there', args: [], env: {}, graceMs: 1000 };
      const supervisor = new Supervisor([shell('short', 'exit 3'), bad], { cwd: '/', tell: (message, fields) => told.push(fields) });
      supervisor.start();
      await until(() => ['short', 'missing'].every((name) => told.filter(({ program }) => program === name).length >= 2));
      await supervisor.stop();
      const first = ['short', 'missing'].flatMap((name) => told.filter(({ program }) => program === name).slice(0, 2));
      for (const { program, code, error, againInMs } of first) say([program, code ?? error, againInMs].join(' '));`);
    expect(lines.sort()).toEqual([
      'missing spawn /not/there ENOENT 200',
      'missing spawn /not/there ENOENT 400',
      'short 3 200',
      'short 3 400',
    ]);
  });

  it('kills a program that does not end in its time', () => {
    const lines = run(`
      const supervisor = new Supervisor([shell('deaf', "trap '' TERM; echo runs; while :; do sleep 0.05; done", 100)], { cwd: '/', tell, outputOf });
      supervisor.start();
      await until(() => output() === 'runs');
      await supervisor.stop();
      say('stopped');`);
    expect(lines).toEqual(['deaf does not end, killed', 'stopped']);
  });
});
