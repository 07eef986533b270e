import { describeLocally } from '../support/describe-locally';
import { concludeRun } from '../support/conclude-run';
import { LEDGER_HANDLER } from '../support/ledger';
import { LocalStack } from '../support/local-stack';

/** Each does its worst until its time-out, and is called again. */
const HOSTILE: Record<string, string> = {
  'fork bomb': `const { spawn } = require('child_process');
    exports.handler = () => new Promise(() => { setInterval(() => { for (let i = 0; i < 50; i++) spawn('sleep', ['30']).on('error', () => 0); }, 10); });`,
  'memory hog': `const kept = []; exports.handler = () => new Promise(() => { setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 5); });`,
  'flood of output': `exports.handler = () => new Promise(() => { setInterval(() => { for (let i = 0; i < 200; i++) console.log('x'.repeat(8000)); }, 1); });`,
  spin: `exports.handler = () => { for (;;); };`,
};

let stack: LocalStack;

describeLocally('F22: hostile neighbours', () => {
  beforeAll(async () => {
    stack = await LocalStack.start({ env: { EASYFAAS_POOL_MIN: 'nodejs20=3,python3=0', EASYFAAS_WAIT_S: '30' } });
    await stack.untilFilled();
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
  }, 60_000);

  it('cost a normal tenant not one call', async () => {
    const { client } = stack;
    const answer = await client.call('/v1/keys', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ AccountId: 'hostile', Scopes: ['admin'] }),
    });
    const key = answer.json<{ Key: string }>().Key;
    const hostile = await Promise.all(
      Object.values(HOSTILE).map((source) => client.deploy({ source, key, timeoutSeconds: 3, memoryMb: 128 })),
    );
    const name = await client.deploy({ source: LEDGER_HANDLER, concurrency: 4, timeoutSeconds: 20 });
    const run = await stack.newRun();
    expect((await run.call(name)).kind).toBe('ok');
    run.load([name], { clients: 4, ms: 5, pauseMs: 5 });
    const alone = run.endings.length;
    let isOver = false;
    const attacks = hostile.map(async (each) => {
      for (let turn = 0; turn < 3 && !isOver; turn++) await client.invoke(each, {}, { key });
    });
    await Promise.all(attacks);
    isOver = true;
    // And a cold start beside them works.
    const other = await client.deploy({ source: `${LEDGER_HANDLER} // beside`, timeoutSeconds: 20 });
    expect((await run.call(other)).kind).toBe('ok');
    await run.finish();
    expect(run.endings.length).toBeGreaterThan(alone + 100);
    expect(run.tally).toEqual({ ok: run.endings.length });
    const took = run.endings.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
    const p99Ms = Math.round(took[Math.floor(took.length * 0.99)] ?? 0);
    await concludeRun(stack, run, { fault: 'F22', injected: Object.keys(HOSTILE).join(', '), measured: { p99Ms } });
  }, 120_000);
});
