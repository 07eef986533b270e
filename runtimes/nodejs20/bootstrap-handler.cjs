'use strict';
// Finds and loads the user's handler: `file.export`, with folders before and more dots behind, CommonJS or ESM.
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');
const { Failure } = require('./bootstrap-errors.cjs');

const ENDINGS = ['.js', '.mjs', '.cjs', '/index.js', '/index.mjs'];

/** `.js` is what the nearest package.json inside the task says it is. */
function isModuleFile(file, taskRoot) {
  if (!file.endsWith('.js')) return file.endsWith('.mjs');
  for (let folder = path.dirname(file); folder.startsWith(taskRoot); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (fs.existsSync(manifest)) return JSON.parse(fs.readFileSync(manifest, 'utf8')).type === 'module';
  }
  return false;
}

function pick(exported, names, spec) {
  const found = (from) => names.reduce((value, name) => value?.[name], from);
  const handler = found(exported) ?? found(exported?.default); // `export default { handler }`
  if (typeof handler === 'function') return handler;
  throw new Failure('Runtime.HandlerNotFound', `${spec} is ${handler === undefined ? 'undefined or not exported' : 'not a function'}`);
}

/**
 * @param {string} spec such as `index.handler` or `src/app.orders.create`
 * @returns {Function | Promise<Function>} at once where it can, since the first call waits for it
 */
function loadHandler(spec, taskRoot) {
  const match = /^((?:[^/]+\/)*)([^/.]+)\.([^/]+)$/.exec(spec);
  if (!match || spec.includes('..')) throw new Failure('Runtime.MalformedHandlerName', `Bad handler '${spec}': write file.export`);
  const base = path.join(taskRoot, match[1], match[2]);
  const names = match[3].split('.');
  const file = ENDINGS.map((ending) => base + ending).find((candidate) => fs.existsSync(candidate));
  if (!file)
    throw new Failure('Runtime.ImportModuleError', `Error: Cannot find module '${match[1]}${match[2]}' (.js, .mjs or .cjs) in the package`);
  const load = () => import(pathToFileURL(file)).then((exported) => pick(exported, names, spec));
  if (isModuleFile(file, taskRoot)) return load();
  try {
    return pick(createRequire(file)(file), names, spec);
  } catch (error) {
    if (error?.code === 'ERR_REQUIRE_ESM' || error?.code === 'ERR_REQUIRE_ASYNC_MODULE') return load();
    throw error;
  }
}

/** The `errorType` of a failed load, spelled as AWS Lambda does; undefined for an error of the user's own code. */
function loadErrorType(error) {
  if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') return 'Runtime.ImportModuleError';
  return error instanceof SyntaxError ? 'Runtime.UserCodeSyntaxError' : undefined;
}

module.exports = { loadHandler, loadErrorType };
