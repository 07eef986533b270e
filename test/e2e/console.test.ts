import { existsSync } from 'node:fs';
import { type Browser, type Locator, type Page, chromium } from 'playwright-core';
import { eventually } from '../support/eventually';
import { call, callJson, deploy, invoke, newName, removeDeployments, stack } from '../support/stack';

const CHROMIUM = '/usr/bin/chromium';
/** Nothing of it asks anybody else for anything; as root there is no sandbox. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const DEADLINE_MS = 30_000;
const isThere = existsSync(CHROMIUM);
if (!isThere && process.env['REQUIRE_DOCKER'] === '1') throw new Error(`${CHROMIUM} is not there, and REQUIRE_DOCKER=1`);
const describeWithBrowser = isThere ? describe : describe.skip;

/** What a function can write to harm who looks at it: script, escape sequences, a turned direction. */
const HOSTILE = '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">';
const SOURCE = `exports.handler = async (event) => {
  console.log(${JSON.stringify(HOSTILE)}, '\\u001b[2J\\u202e');
  if (event.fail) throw new Error(${JSON.stringify(HOSTILE)});
  if (event.big) return 'x'.repeat(5 * 1024 * 1024);
  return { text: ${JSON.stringify(HOSTILE)} };
};
`;

/** Tells in its title what it could get of the console's. */
const PEEKING_PAGE = `<!doctype html><title>wait</title><script>
const tried = [];
const attempt = async (name, act) => {
  try { await act(); tried.push(name); } catch (error) { /* as it should be */ }
};
(async () => {
  await attempt('storage', () => sessionStorage.getItem('easyfaas.key'));
  await attempt('cookies', () => document.cookie);
  await attempt('worker', () => navigator.serviceWorker.register('/http/default/worker.js'));
  await attempt('api', async () => { await (await fetch('/v1/runtimes')).text(); });
  document.title = 'tried:' + tried.join();
})();
</script>`;

afterAll(removeDeployments);

describe('the files of the console', () => {
  it('are public, cannot be framed, take scripts from files only, and are kept by the hash in their names', async () => {
    const page = await call('/console', { key: null });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const scripts = [...page.text.matchAll(/<script([^>]*)>([^<]*)/g)];
    expect(scripts.map(([, , inline]) => inline)).toEqual(['']);
    const [, script = ''] = /src="([^"]+)"/.exec(scripts[0]?.[1] ?? '') ?? [];
    const answer = await call(script, { key: null });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect(answer.headers.get('content-security-policy')).toBe(policy);
    for (const path of ['/console/index.html', '/console/main.cjs', '/console/app-AAAAAAAA.js', '/console/%2e%2e%2fmain.cjs']) {
      expect([path, (await call(path, { key: null })).status]).toEqual([path, 404]);
    }
  });
});

describeWithBrowser('the console in a browser', () => {
  const name = newName();
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  const go = async (place: string): Promise<void> => {
    await page.goto(`${stack.url}/console#/${place}`);
  };
  const seen = (locator: Locator): Promise<void> => locator.first().waitFor({ timeout: DEADLINE_MS });
  const button = (label: string): Locator => page.getByRole('button', { name: label, exact: true });
  const expectHarmless = async (): Promise<void> => {
    expect(await page.evaluate<boolean>(`'pwned' in window`)).toBe(false);
  };

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    page = await browser.newPage();
    page.setDefaultTimeout(DEADLINE_MS);
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|TrustedHTML/.test(message.text())) problems.push(message.text());
    });
  });

  afterAll(async () => {
    await browser.close();
  });

  it('says of a wrong key that it is not known, and lets a right one in', async () => {
    await page.goto(`${stack.url}/console`);
    const key = page.getByLabel('API key');
    await key.fill('easyfaas_00000000_wrong');
    await button('Sign in').click();
    await seen(page.getByRole('alert').filter({ hasText: 'The key is not known here' }));
    await key.fill(stack.key);
    await button('Sign in').click();
    await seen(page.getByRole('heading', { name: 'Functions' }));
    expect(page.url()).not.toContain(stack.key);
  });

  it('makes a function from pasted code and shows what it answers and prints as text', async () => {
    await go('new-function');
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Source, stored as').fill(SOURCE);
    await button('Create').click();
    await page.getByLabel('Payload').fill('{"name":"you"}');
    await button('Invoke').click();
    const answer = page.getByRole('region', { name: 'Answer' });
    await seen(answer.getByText('window.pwned=1'));
    const text = await answer.innerText();
    expect(text).toContain('<script>');
    expect(text).toContain('\\x1b[2J\\u202e');
    expect(text).toContain('START RequestId');
    expect(text).toContain('cold');
    await seen(answer.getByRole('list', { name: 'Stages' }).getByText('warmup'));
    await expectHarmless();

    await page.getByLabel('Payload').fill('{"big":true}');
    await button('Invoke').click();
    await seen(answer.getByText('The first 64.0 KiB of 5.0 MiB.'));
  });

  it('shows containers as they come, and drains one', async () => {
    const other = await deploy({ source: 'exports.handler = async () => 1;' });
    expect((await invoke(name)).status).toBe(200);
    await go('pool');
    const rows = page.getByRole('region', { name: 'Containers', exact: true }).getByRole('row');
    await seen(rows.filter({ hasText: name }));
    expect(await rows.filter({ hasText: other }).count()).toBe(0);
    const answer = await invoke(other);
    const containerId = answer.headers.get('x-easyfaas-container') ?? '';
    const row = rows.filter({ hasText: containerId });
    await seen(row.filter({ hasText: other }));
    await row.getByRole('button', { name: 'Drain' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
    const gone = page.getByRole('region', { name: 'Containers that are gone' }).getByRole('row');
    await seen(gone.filter({ hasText: containerId }).filter({ hasText: 'by an operator' }));
    await row.waitFor({ state: 'detached', timeout: DEADLINE_MS });
  });

  it('follows an event to the dead letters and runs it again', async () => {
    const config = await callJson('PUT', `/v1/functions/${name}/event-invoke-config`, { MaximumRetryAttempts: 0 });
    expect(config.status).toBe(200);
    await go(`functions/${name}/invoke`);
    await page.getByLabel('Payload').fill('{"fail":true}');
    await page.getByLabel('Queue it as an event').check();
    await button('Invoke').click();
    await seen(page.getByRole('link', { name: 'Watch what becomes of it' }));
    const letter = await eventually(async () => {
      const { deadLetters } = (await call(`/v1/functions/${name}/dead-letters`)).json<{ deadLetters: { requestId: string }[] }>();
      expect(deadLetters).toHaveLength(1);
      return deadLetters[0]?.requestId ?? '';
    }, DEADLINE_MS);

    await go('queues');
    await page.getByRole('link', { name: `Dead letters of ${name}` }).click();
    const table = page.getByRole('region', { name: 'Dead letters' });
    await seen(table.getByText('RetriesExhausted'));
    expect(await table.innerText()).toContain(HOSTILE);
    await table.getByRole('button', { name: /^Redrive / }).click();
    const redrivenAs = await eventually(async () => {
      const { redrivenAs: id = '' } = (await call(`/v1/invocations/${letter}`)).json<{ redrivenAs?: string }>();
      expect(id).not.toBe('');
      return id;
    }, DEADLINE_MS);
    expect((await call(`/v1/invocations/${redrivenAs}`)).json()).toMatchObject({ functionName: name, replayOf: letter });
    await table.getByRole('link', { name: letter.slice(0, 8) }).waitFor({ state: 'detached', timeout: DEADLINE_MS });
    await expectHarmless();
  });

  it('keeps its key from the pages that functions serve', async () => {
    const html = JSON.stringify({ statusCode: 200, headers: { 'Content-Type': 'text/html' }, body: PEEKING_PAGE });
    const server = await deploy({ source: `exports.handler = async () => (${html});` });
    const trigger = await callJson('POST', '/v1/triggers', {
      Name: server,
      Source: 'http',
      FunctionName: server,
      Configuration: { Auth: 'none' },
    });
    expect(trigger.status).toBe(201);
    // In the tab of the console, which is the worst place.
    await eventually(async () => expect((await call(`/http/default/${server}`, { key: null })).status).toBe(200), DEADLINE_MS);
    await page.goto(`${stack.url}/http/default/${server}`);
    await page.waitForFunction(`document.title !== 'wait'`, undefined, { timeout: DEADLINE_MS });
    const title = await page.title();
    expect((await call(`/v1/functions/${server}?cascade=true`, { method: 'DELETE' })).status).toBe(204);
    expect(title).toBe('tried:');
    await page.goto(`${stack.url}/console`);
    await seen(page.getByRole('heading', { name: 'Functions' }));
  });

  it('deletes a function only when its name is typed, and forgets the key at the end', async () => {
    await go(`functions/${name}/settings`);
    await button('Delete the function').click();
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Delete the function' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel(`Type ${name} to confirm`).fill(name);
    await confirm.click();
    await seen(page.getByRole('heading', { name: 'Functions' }));
    expect((await call(`/v1/functions/${name}`)).status).toBe(404);
    await button('Sign out').click();
    await seen(page.getByLabel('API key'));
    expect(await page.evaluate<number>('sessionStorage.length')).toBe(0);
    expect(problems).toEqual([]);
  });
});
