import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CliError } from '../cli-error';
import { readYaml } from '../read-yaml';
import type { FunctionSpec } from './function-spec';

export const MANIFEST_NAME = 'easyfaas.yml';

const TYPES = {
  code: 'text',
  runtime: 'text',
  handler: 'text',
  description: 'text',
  network: 'text',
  memoryMb: 'number',
  storageMb: 'number',
  timeoutSeconds: 'number',
  concurrency: 'number',
  reservedConcurrency: 'number',
  keepPayloads: 'true or false',
  environment: 'texts by name',
  tags: 'texts by name',
  layers: 'a list of texts',
} as const;
type Member = keyof typeof TYPES;

/** The manifest of a folder, or the file itself; undefined where there is none. */
export function findManifest(path: string): string | undefined {
  if (/\.ya?ml$/.test(path)) return existsSync(path) ? path : undefined;
  const inside = join(path, MANIFEST_NAME);
  return existsSync(path) && statSync(path).isDirectory() && existsSync(inside) ? inside : undefined;
}

/** @throws CliError naming the member and what it should be */
export function readManifest(path: string): FunctionSpec[] {
  return parseManifest(readFileSync(path, 'utf8'), path);
}

/**
 * `functions: {<name>: {code, runtime, …}}`; paths are relative to the manifest. What the values may be in detail is for
 * EasyFaaS to say: it knows its runtimes and limits.
 */
export function parseManifest(text: string, path: string): FunctionSpec[] {
  const document = readYaml(text, path);
  const wrong = (where: string, what: string): CliError =>
    new CliError(`${path}: ${where} ${what}.`, { remedy: 'docs/cli.md shows a whole manifest.' });
  if (!isMapping(document)) throw wrong('the file', 'must have a member `functions`');
  const stray = Object.keys(document).find((member) => member !== 'functions');
  if (stray !== undefined) throw wrong(stray, 'is not known; the only member is functions');
  const { functions } = document;
  if (!isMapping(functions) || Object.keys(functions).length === 0) throw wrong('functions', 'must name at least one function');
  return Object.entries(functions).map(([name, described]) => {
    if (!isMapping(described)) throw wrong(`functions.${name}`, 'must have members such as `code: ./folder`');
    for (const [member, value] of Object.entries(described)) {
      const type = TYPES[member as Member] as (typeof TYPES)[Member] | undefined;
      if (type === undefined) throw wrong(`functions.${name}.${member}`, `is not known; known are ${Object.keys(TYPES).join(', ')}`);
      if (!isOfType(value, type))
        throw wrong(`functions.${name}.${member}`, `must be ${type === 'text' || type === 'number' ? `a ${type}` : type}`);
    }
    const { code = '.', ...settings } = described as Record<Member, never> & { code?: string };
    return { ...(settings as object), name, codePath: resolve(dirname(path), code) };
  });
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isOfType(value: unknown, type: (typeof TYPES)[Member]): boolean {
  if (type === 'text') return typeof value === 'string';
  if (type === 'number') return typeof value === 'number';
  if (type === 'true or false') return typeof value === 'boolean';
  if (type === 'a list of texts') return Array.isArray(value) && value.every((each) => typeof each === 'string');
  return isMapping(value) && Object.values(value).every((each) => typeof each === 'string');
}
