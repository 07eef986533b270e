#!/usr/bin/env node
// Starts the bundle. `npm run up` copies it out of the controller's image, `npm run build` makes it; a fresh checkout has none.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const bundle = join(__dirname, '../dist/easyfaas.cjs');
if (existsSync(bundle)) require(bundle);
else {
  process.stderr.write(`easyfaas: ${bundle} is missing.\nRun \`npm run up\`, or \`npm ci && npm run build\`, in the checkout.\n`);
  process.exitCode = 1;
}
