// The stack as its users see it: the public HTTP API.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, until } from './run.mjs';
import { Failure } from './terminal.mjs';

/** The admin key: from the file when this user may read it, else out of the controller's container. */
export async function readKey({ dataDir, controller, log }) {
  const path = join(dataDir, 'admin.key');
  try {
    return { key: readFileSync(path, 'utf8').trim(), isReadable: true };
  } catch (error) {
    const answer = await run('docker', ['exec', controller, 'cat', path], { log: undefined, mayFail: true });
    if (answer.code === 0) return { key: answer.stdout.trim(), isReadable: false };
    log?.write(`\n${path}: ${error.message}; ${answer.stderr}\n`);
    throw new Failure('The admin key cannot be read.', {
      why: `${path}: ${error.message}`,
      remedy:
        'It is written at the first start. If it was deleted, or Redis knows another one: EASYFAAS_RESET_ADMIN_KEY=yes npm run up makes a new key.\n' +
        `Otherwise the log says why: docker logs ${controller}`,
    });
  }
}

/** Waits for GET /readyz to answer 200; undefined, or the last answer when the time is over. */
export async function waitUntilReady(url, { withinMs, onWaiting }) {
  let last = 'no answer';
  const isReady = await until(
    async () => {
      try {
        const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3000) });
        const text = await response.text();
        last = `${response.status} ${text.slice(0, 600)}`;
        if (response.ok) return true;
      } catch (error) {
        last = error.cause?.message || error.message;
      }
      onWaiting?.(last);
      return false;
    },
    { withinMs, everyMs: 200 },
  );
  return isReady ? undefined : last;
}

async function request(url, { key, method = 'GET', type, body, timeoutMs = 30_000 }) {
  const headers = { Authorization: `Bearer ${key}`, ...(type ? { 'Content-Type': type } : {}) };
  const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(timeoutMs) });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Waits until the pool has a cold container of a runtime; a call waits for one by itself. @returns whether one was seen */
export async function waitForColdContainer(url, { key, runtime, withinMs }) {
  const hasOne = async () => {
    const answer = await request(`${url}/v1/pool`, { key });
    if (answer.status !== 200) return 'refused';
    return JSON.parse(answer.text).containers.some((container) => container.runtime === runtime && container.state === 'cold');
  };
  return (await until(hasOne, { withinMs, everyMs: 100 })) === true;
}

/** Creates the function, or gives an existing one this code. */
export async function deploySource(url, { key, name, runtime, handler, type, source }) {
  const created = await request(`${url}/v1/functions/${name}?Runtime=${runtime}&Handler=${handler}`, {
    key,
    method: 'POST',
    type,
    body: source,
  });
  if (created.status === 201) return 'created';
  const updated =
    created.status === 409 ? await request(`${url}/v1/functions/${name}/code`, { key, method: 'PUT', type, body: source }) : created;
  if (updated.status !== 200) {
    throw new Failure(`Deploying ${name} was refused with status ${updated.status}.`, {
      why: updated.text,
      remedy: 'The text above names the field; the log of the controller has more.',
    });
  }
  return 'updated';
}

/** Calls a function with a JSON event. @returns {Promise<{text: string, tookMs: number, start: string | null}>} */
export async function callFunction(url, { key, name, event }) {
  const startedAt = performance.now();
  const answer = await request(`${url}/v1/functions/${name}/invocations`, {
    key,
    method: 'POST',
    type: 'application/json',
    body: JSON.stringify(event),
  });
  const tookMs = performance.now() - startedAt;
  const functionError = answer.headers.get('x-easyfaas-function-error');
  if (answer.status !== 200 || functionError) {
    throw new Failure(`The call of ${name} failed with status ${answer.status}.`, {
      why: answer.text,
      remedy: 'The log of the controller has the request id.',
    });
  }
  return { text: answer.text, tookMs, start: answer.headers.get('x-easyfaas-start') };
}
