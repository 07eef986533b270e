// Asks a function registry all that EasyFaaS will ask it, and says what is wrong (docs/replacing-the-registry.md).
// When: before EASYFAAS_REGISTRY_URL names it. Needs: a function that the registry has.
//   node scripts/registry-contract.mjs <base url> <function> [--account default] [--qualifier '$LATEST'] [--token T]
import { createHash, randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const ANSWER_MS = 5000;
const ANSWER_BYTES = 256 * 1024;
const PACKAGE_BYTES = 50 * 1024 * 1024;
const ABSENT = 'no-such-function-7f3a';

const text =
  (max, pattern = /^/) =>
  (value) =>
    typeof value === 'string' && value.length >= 1 && value.length <= max && pattern.test(value);
const whole = (min, max) => (value) => Number.isInteger(value) && value >= min && value <= max;
const variables = (value) => Object.values(value?.Variables ?? { missing: 0 }).every((each) => typeof each === 'string');
const NEEDED = {
  FunctionName: text(64, /^[A-Za-z0-9_-]+$/),
  FunctionArn: text(512, /^[\x21-\x7e]+$/),
  Uid: text(64),
  Version: text(11, /^(\$LATEST|[1-9]\d{0,9})$/),
  Runtime: text(64, /^[A-Za-z0-9][A-Za-z0-9._-]*$/),
  Handler: text(128),
  MemorySize: whole(128, 10_240),
  CommitId: text(256),
  CodeSha256: text(64, /^([0-9a-f]{64}|[A-Za-z0-9+/]{43}=)$/),
};
const OPTIONAL = { Timeout: whole(1, 900), PodConcurrentQuota: whole(1, 1000), Environment: variables };

/**
 * @param {{baseUrl: string, functionName: string, accountId?: string, qualifier?: string, token?: string}} subject
 * @returns {Promise<{name: string, problem?: string}[]>} a line per rule
 */
export async function checkRegistry({ baseUrl, functionName, accountId = 'default', qualifier = '$LATEST', token }) {
  const base = baseUrl.replace(/\/+$/, '');
  const results = [];
  const rule = async (name, check) => {
    try {
      await check();
      results.push({ name });
    } catch (error) {
      results.push({ name, problem: error instanceof Error ? error.message : String(error) });
    }
  };
  const ask = async (url, headers = {}, withToken = true) => {
    const answer = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: {
        'X-Easyfaas-Account-Id': accountId,
        'X-Easyfaas-Request-Id': randomUUID(),
        ...(withToken && token !== undefined ? { Authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
    });
    return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
  };
  const urlOf = (name) => `${base}/functions/${encodeURIComponent(name)}?Qualifier=${encodeURIComponent(qualifier)}`;
  let first;
  let found;

  await rule('a function is answered with 200, as a JSON object of at most 256 KiB, within 5 s', async () => {
    first = await ask(urlOf(functionName));
    expect(first.status === 200, `status ${first.status}`);
    expect(first.body.length <= ANSWER_BYTES, `${first.body.length} bytes`);
    found = JSON.parse(first.body.toString('utf8'));
    expect(typeof found?.Configuration === 'object' && typeof found?.Code === 'object', 'Configuration and Code are needed');
  });
  const configuration = found?.Configuration ?? {};
  for (const [field, isRight] of Object.entries(NEEDED))
    await rule(`Configuration.${field} is right`, () =>
      expect(isRight(configuration[field]), `it is ${JSON.stringify(configuration[field])}`),
    );
  for (const [field, isRight] of Object.entries(OPTIONAL))
    await rule(`Configuration.${field} is right or absent`, () =>
      expect(configuration[field] === undefined || isRight(configuration[field]), `it is ${JSON.stringify(configuration[field])}`),
    );
  await rule('the function, account and version are those asked for', () => {
    expect(configuration.FunctionName === functionName, `FunctionName is ${configuration.FunctionName}`);
    expect(configuration.Uid === accountId, `Uid is ${configuration.Uid}, X-Easyfaas-Account-Id was ${accountId}`);
    const isVersion = /^(\$LATEST|\d+)$/.test(qualifier);
    expect(!isVersion || configuration.Version === qualifier, `Version is ${configuration.Version}`);
  });
  await rule('the same question has the same CommitId', async () => {
    const again = JSON.parse((await ask(urlOf(functionName))).body.toString('utf8'));
    expect(again.Configuration?.CommitId === configuration.CommitId, `${again.Configuration?.CommitId} after ${configuration.CommitId}`);
  });
  await rule('an ETag, if there is one, is answered with 304 when it is sent back', async () => {
    const etag = first?.headers.get('etag');
    if (!etag) return;
    const { status } = await ask(urlOf(functionName), { 'If-None-Match': etag });
    expect(status === 304 || status === 200, `status ${status}`);
  });
  await rule('a function that there is not is answered with 404', async () => {
    const { status } = await ask(urlOf(ABSENT));
    expect(status === 404, `status ${status}`);
  });
  await rule('a function of another account is answered with 404', async () => {
    const { status } = await ask(urlOf(functionName), { 'X-Easyfaas-Account-Id': 'no-such-account-7f3a' });
    expect(status === 404, `status ${status}`);
  });
  await rule('the code is at Code.Location, without a redirect, and has CodeSha256', async () => {
    const url = new URL(found?.Code?.Location, urlOf(functionName));
    const isOwn = url.origin === new URL(base).origin;
    const { status, body } = await ask(url, {}, isOwn);
    expect(status === 200, `status ${status}`);
    expect(body.length <= PACKAGE_BYTES, `${body.length} bytes`);
    const hash = createHash('sha256').update(body);
    const wanted = configuration.CodeSha256 ?? '';
    const actual = hash.digest(wanted.length === 64 ? 'hex' : 'base64');
    expect(actual === wanted, `it has ${actual}`);
    expect(body.subarray(0, 2).toString('latin1') === 'PK', 'it is no zip');
  });
  await rule("the function's runtime is described, with a Name", async () => {
    const { status, body } = await ask(`${base}/runtimes/${encodeURIComponent(configuration.Runtime)}/configuration`);
    expect(status === 200, `status ${status}`);
    expect(text(64)(JSON.parse(body.toString('utf8')).Name), 'Name is needed');
  });
  await rule('a runtime that there is not is answered with 404', async () => {
    const { status } = await ask(`${base}/runtimes/no-such-runtime/configuration`);
    expect(status === 404, `status ${status}`);
  });
  if (token !== undefined)
    await rule('nothing is answered without the token', async () => {
      const { status } = await ask(urlOf(functionName), {}, false);
      expect(status === 401 || status === 403, `status ${status}`);
    });
  return results;
}

function expect(isRight, problem) {
  if (!isRight) throw new Error(problem);
}

function optionOf(name, rest) {
  const at = rest.indexOf(`--${name}`);
  return at === -1 ? undefined : rest.splice(at, 2)[1];
}

async function main() {
  const rest = process.argv.slice(2);
  const subject = { accountId: optionOf('account', rest), qualifier: optionOf('qualifier', rest), token: optionOf('token', rest) };
  const [baseUrl, functionName] = rest;
  if (functionName === undefined || rest.length !== 2 || !URL.canParse(baseUrl)) {
    process.stderr.write('usage: node scripts/registry-contract.mjs <base url> <function> [--account A] [--qualifier Q] [--token T]\n');
    process.exit(2);
  }
  const results = await checkRegistry({ baseUrl, functionName, ...subject });
  for (const { name, problem } of results) process.stdout.write(problem === undefined ? `✓ ${name}\n` : `✗ ${name}: ${problem}\n`);
  const failed = results.filter(({ problem }) => problem !== undefined).length;
  process.stdout.write(`\n${results.length - failed} of ${results.length} rules kept\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
