// A long run at half of the peak, with resets, changes of memory, deploys and kills going on; ends with a report and status 0 or 1.
// When: before a release, on a quiet machine: `npm run soak`, or `EASYFAAS_SOAK_MINUTES=2 npm run soak`.
// Needs: root, Docker, redis-server, `npm ci`, and the runtime images (`node scripts/up.mjs` builds them; EASYFAAS_IMAGE_TAG names
// their tag, latest by default). Redis, funclet and controller run as processes and are gone afterwards. Report: test-results/soak.json.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const bundle = join(root, 'test/dist/soak.cjs');
const quiet = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] };

mkdirSync(join(root, 'test-results'), { recursive: true });
execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), 'controller', 'inspection-worker', 'funclet'], quiet);
// __dirname of test/support, by which the sources find the repository.
const define = `--define:__dirname=${JSON.stringify(join(root, 'test/support'))}`;
const options = ['--bundle', '--platform=node', '--format=cjs', '--target=node20', '--sourcemap', '--log-level=warning', define];
execFileSync(join(root, 'node_modules/.bin/esbuild'), ['test/soak/main.ts', ...options, `--outfile=${bundle}`], quiet);

const child = spawn(process.execPath, ['--enable-source-maps', bundle], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
child.on('exit', (code) => process.exit(code ?? 1));
