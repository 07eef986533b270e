// Bundles the programs: services/{controller,funclet}/dist/main.cjs, services/controller/dist/inspection-worker.cjs,
// services/runner/dist/runner.js, cli/dist/easyfaas.cjs, and the web console's files in services/controller/dist/console.
// When: `npm run build`, and inside every image build. Needs: `npm ci`. `node scripts/build.mjs runner` builds one.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const KIB = 1024;

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  absWorkingDir: root,
  logLevel: 'warning',
  legalComments: 'none',
  define: { 'process.env.EASYFAAS_BUILD_VERSION': JSON.stringify(readVersion()) },
};

/** V8 keeps the text of a program in memory for as long as it runs: comments and indentation too, and one letter outside of Latin-1 doubles it all. */
const service = { ...common, sourcemap: true, minifyWhitespace: true, lineLimit: 160 };

const programs = {
  controller: {
    ...service,
    entryPoints: ['services/controller/src/main.ts'],
    outfile: 'services/controller/dist/main.cjs',
    // Native accelerators that bullmq and its like try to load and do without.
    external: ['msgpackr-extract', '*.node'],
    bytesMax: 4352 * KIB,
    // Bodies are read by our own code; jobs are in Redis; MQTT is spoken over TCP and TLS, without a proxy.
    plugins: [leaveOut([/^body-parser$/, /^\.\.?\/postgres$/, /^ws$/, /^socks$/])],
  },
  // A thread of the controller's, found beside its bundle.
  'inspection-worker': {
    ...common,
    entryPoints: ['services/controller/src/functions/inspection-worker.ts'],
    outfile: 'services/controller/dist/inspection-worker.cjs',
  },
  funclet: {
    ...service,
    entryPoints: ['services/funclet/src/main.ts'],
    outfile: 'services/funclet/dist/main.cjs',
    // koffi finds its native part beside its own files.
    external: ['koffi', '*.node'],
    bytesMax: 1280 * KIB,
    // The engine is reached by its socket: no ssh, and no sessions of BuildKit.
    plugins: [leaveOut([/^body-parser$/, /^ssh2$/, /^@grpc\/(grpc-js|proto-loader)$/])],
  },
  runner: {
    ...common,
    entryPoints: ['services/runner/src/main.ts'],
    outfile: 'services/runner/dist/runner.js',
    minify: true,
    keepNames: true,
    // It lives in every function container: it has to start fast and stay readable for whoever audits it.
    bytesMax: 64 * KIB,
  },
  cli: {
    ...common,
    entryPoints: ['cli/src/main.ts'],
    outfile: 'cli/dist/easyfaas.cjs',
    define: { BUILD_VERSION: JSON.stringify(readVersion()) },
  },
  // Files for browsers, which the controller serves; the hash in a name lets them be kept for ever.
  console: {
    bundle: true,
    platform: 'browser',
    target: ['chrome105', 'firefox115', 'safari16'],
    format: 'iife',
    minify: true,
    legalComments: 'none',
    absWorkingDir: root,
    logLevel: 'warning',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'copy' },
    metafile: true,
    entryPoints: [
      { in: 'console/src/main.tsx', out: 'app' },
      { in: 'console/src/icon.svg', out: 'icon' },
    ],
    entryNames: '[name]-[hash]',
    outdir: 'services/controller/dist/console',
    // Some 40 KiB when compressed.
    bytesMax: 128 * KIB,
    plugins: [page('console/index.html')],
  },
};

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!programs[name]) fail(`There is no program called ${name}; choose from ${Object.keys(programs).join(', ')}.`);
}

for (const [name, { bytesMax = Infinity, ...options }] of Object.entries(programs)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const entry = options.entryPoints[0].in ?? options.entryPoints[0];
  if (!existsSync(join(root, entry))) fail(`${entry} is missing; the checkout is incomplete.`);
  const startedAt = performance.now();
  // esbuild has said what is wrong by then.
  const { metafile } = await build(options).catch(() => fail(`${entry} does not build.`));
  const outfile = options.outfile ?? Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === entry);
  const bytes = statSync(join(root, outfile)).size;
  process.stdout.write(`${outfile}  ${(bytes / 1024).toFixed(1)} KiB  ${Math.round(performance.now() - startedAt)} ms\n`);
  if (bytes > bytesMax)
    fail(`${outfile} is ${bytes} bytes; the limit is ${bytesMax}. Leave out what it does not need, or raise it and say why.`);
}

/** What libraries load and we never use: an empty module in its place. */
function leaveOut(patterns) {
  return {
    name: 'leave-out',
    setup(building) {
      for (const filter of patterns) building.onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }));
      building.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
    },
  };
}

/** Writes the page beside the files that it names, each `{app.js}` of it by the name that it was given. */
function page(template) {
  return {
    name: 'page',
    setup(building) {
      const { outdir } = building.initialOptions;
      building.onStart(() => rmSync(join(root, outdir), { recursive: true, force: true }));
      building.onEnd(({ metafile }) => {
        if (metafile === undefined) return;
        const names = Object.keys(metafile.outputs).map((path) => basename(path));
        const html = readFileSync(join(root, template), 'utf8').replace(/\{(\w+)\.(\w+)\}/g, (_, name, ending) =>
          names.find((each) => each.startsWith(`${name}-`) && each.endsWith(`.${ending}`)),
        );
        writeFileSync(join(root, outdir, 'index.html'), html);
      });
    },
  };
}

function readVersion() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

function fail(message) {
  process.stderr.write(`build: ${message}\n`);
  process.exit(1);
}
