// The stack that e2e, corpus and faults run against: made for one test run, and nothing of it stays.
import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKey } from './api.mjs';
import { containerName, describeStack, findLeftovers, startStack, stackUrl, stopStack } from './stack.mjs';

/**
 * @param env settings of the services
 * @returns {Promise<{env: Record<string, string>, stop: () => Promise<string[]>}>} env for the tests; stop returns what could not be removed
 */
export async function startTestStack(terminal, { compose, log, tag, runId, env = {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'easyfaas-'));
  // Where the tests of egress have a server; of its own for each run, several may go on at once.
  const outside = `10.213.${randomInt(256)}.${4 * randomInt(64) + 2}:8080`;
  const stack = describeStack({
    project: `easyfaas-test-${runId}`,
    dataDir: join(folder, 'data'),
    port: await freePort(),
    tag,
    runtimes: ['all'],
    env: {
      // Where a test may listen for callbacks; no other address of the machine may be called.
      EASYFAAS_URL_ALLOW: '127.0.0.77',
      EASYFAAS_EGRESS_ALLOW: outside,
      EASYFAAS_EGRESS_DNS: outside.split(':')[0],
      ...env,
      EASYFAAS_LABELS: `easyfaas.test-run=${runId}`,
    },
  });
  const stop = async () => {
    await stopStack(stack, { compose, log, purge: true, keepImages: true });
    const left = await findLeftovers(stack, log);
    if (left.length === 0) rmSync(folder, { recursive: true, force: true });
    return left.length === 0 || readdirSync(folder).length === 0 ? left : [...left, `folder ${folder}`];
  };
  try {
    await startStack(terminal, stack, { compose, log });
    const { key } = await readKey({ dataDir: stack.dataDir, controller: containerName(stack, compose, 'controller'), log });
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
    const environment = {
      EASYFAAS_TEST_URL: stackUrl(stack),
      EASYFAAS_TEST_KEY_FILE: keyFile,
      EASYFAAS_TEST_DATA_DIR: stack.dataDir,
      EASYFAAS_TEST_EGRESS_SERVER: outside,
      EASYFAAS_TEST_PROJECT: stack.project,
      EASYFAAS_TEST_COMPOSE: [compose.command, ...compose.prefix].join(' '),
    };
    return { env: environment, stop };
  } catch (error) {
    await stop().catch((failure) => log.write(`\n${failure.stack}\n`));
    throw error;
  }
}

/** A port on 127.0.0.1 that nobody listens on just now. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
