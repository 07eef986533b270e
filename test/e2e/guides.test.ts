import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { guideBlocks, showsLine, type GuideBlock } from '../support/guide-blocks';
import { repositoryRoot } from '../support/repository';
import { call, stack } from '../support/stack';

const namesIn = (folder: string): string[] => readdirSync(join(repositoryRoot, folder)).map((name) => `${folder}/${name}`);
const examples = namesIn('examples').map((folder) => `${folder}/README.md`);
const guides = ['README.md', ...namesIn('docs/guides'), ...examples.filter((file) => existsSync(join(repositoryRoot, file)))]
  .map((file) => ({ file, blocks: guideBlocks(readFileSync(join(repositoryRoot, file), 'utf8')) }))
  .filter(({ blocks }) => blocks.length > 0);
/** How else one is found to be there: npm with its registry, which may be out of reach. */
const TRIED: Partial<Record<string, string>> = { npm: 'npm view ms version --fetch-retries=1 --fetch-timeout=10000' };
/** Not on every machine; a guide that needs one which is missing is told as skipped. */
const TOOLS = ['jq', 'openssl', 'zip', 'npm', 'aws'];

describe('the commands of a guide', () => {
  let before: Set<string>;

  beforeAll(async () => {
    before = new Set([...(await names('functions')), ...(await names('keys'))]);
  });

  // Guides use names that people would use, some the same.
  afterEach(async () => {
    for (const name of await names('functions')) {
      if (!before.has(name)) expect((await call(`/v1/functions/${name}?cascade=true`, { method: 'DELETE' })).status).toBe(204);
    }
    for (const keyId of await names('keys')) {
      if (!before.has(keyId)) expect((await call(`/v1/keys/${keyId}`, { method: 'DELETE' })).status).toBe(204);
    }
  });

  it('are found', () => {
    expect(guides.length).toBeGreaterThan(25);
  });

  for (const { file, blocks } of guides) {
    const missing = TOOLS.filter((tool) => blocks.some(({ script }) => script.includes(`${tool} `)) && !isInstalled(tool));
    const test = missing.length === 0 ? it : it.skip;
    test(`${file} work and print what it says`, async () => {
      const outputs = await run(blocks, dirname(join(repositoryRoot, file)));
      for (const [index, { line, shown }] of blocks.entries()) {
        const output = outputs[index] ?? '';
        for (const each of shown) {
          if (!showsLine(output, each)) throw new Error(`${file}, block of line ${line}, shows\n${each}\nbut printed\n${output}`);
        }
      }
    }, 180_000);
  }
});

async function names(what: 'functions' | 'keys'): Promise<string[]> {
  const page = (await call(`/v1/${what}${what === 'functions' ? '?maxItems=100' : ''}`)).json<{
    Functions?: { FunctionName: string }[];
    Keys?: { KeyId: string }[];
  }>();
  return [...(page.Functions ?? []).map(({ FunctionName }) => FunctionName), ...(page.Keys ?? []).map(({ KeyId }) => KeyId)];
}

function isInstalled(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', TRIED[tool] ?? `command -v ${tool}`], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'status' in error) return false;
    throw error;
  }
}

const MARK = '@@@ next block';

/** How npm gets at its registry here; the guide has a home of its own. */
const ofNpm = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(npm_config_(registry|userconfig|cache)|https?_proxy|no_proxy|node_extra_ca_certs)$/i.test(name),
  ),
);

/**
 * One shell for a whole guide, in a folder of its own with the example's files and the command line; the first command that fails ends it.
 * @returns what each block printed
 */
async function run(blocks: readonly GuideBlock[], folder: string): Promise<string[]> {
  const cwd = mkdtempSync(join(tmpdir(), 'easyfaas-guide-'));
  if (folder.includes('/examples/')) cpSync(folder, cwd, { recursive: true });
  symlinkSync(join(repositoryRoot, 'easyfaas'), join(cwd, 'easyfaas'));
  const shorthand = `ef() { curl -sS -H "Authorization: Bearer $EASYFAAS_KEY" "$@"; }`;
  const script = ['set -euo pipefail', shorthand, ...blocks.flatMap(({ script: text }) => [text, `echo; echo '${MARK}'`])].join('\n');
  const env = {
    npm_config_userconfig: join(homedir(), '.npmrc'),
    ...ofNpm,
    PATH: process.env['PATH'],
    HOME: cwd,
    EASYFAAS_URL: stack.url,
    EASYFAAS_KEY: stack.key,
  };
  try {
    return await new Promise((resolve, reject) => {
      execFile('bash', ['-c', script], { cwd, env, maxBuffer: 16 << 20 }, (error, out, err) => {
        if (error === null) resolve(out.split(MARK));
        else reject(new Error(`ended with ${String(error.code)} after\n${out}\n${err}`));
      });
    });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
