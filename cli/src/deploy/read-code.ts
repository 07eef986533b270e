import { createHash } from 'node:crypto';
import { type Dirent, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import { type FileToZip, zipFiles } from '@easyfaas/code-package';
import ignore, { type Ignore } from 'ignore';
import { CliError } from '../cli-error';

/** What is uploaded: a zip, or source text that EasyFaaS compiles itself. */
export interface Code {
  contentType: 'application/zip' | 'text/typescript';
  bytes: Buffer;
  /** Hex SHA-256 of the zip, to see whether it changed; undefined for source that is compiled. */
  sha256: string | undefined;
  files: number;
  /** From the extension of its entry file; undefined when that says nothing. */
  runtime: string | undefined;
}

const RUNTIMES: Record<string, { runtime: string; entryFile: string }> = {
  '.js': { runtime: 'nodejs20', entryFile: 'index.js' },
  '.cjs': { runtime: 'nodejs20', entryFile: 'index.js' },
  '.mjs': { runtime: 'nodejs20', entryFile: 'index.mjs' },
  '.py': { runtime: 'python3', entryFile: 'index.py' },
  '.php': { runtime: 'php8', entryFile: 'index.php' },
  '.rb': { runtime: 'ruby3', entryFile: 'index.rb' },
};
const IGNORE_FILE = '.easyfaasignore';
/** Never part of a function. */
const ALWAYS_IGNORED = ['.git', '.DS_Store', '__pycache__', '*.pyc', IGNORE_FILE, 'easyfaas.yml'];

/** @throws CliError when there is nothing there that could be a function */
export async function readCode(path: string): Promise<Code> {
  if (!existsSync(path)) throw new CliError(`${path} does not exist.`, { remedy: 'Give a file, a folder, a zip or an easyfaas.yml.' });
  if (statSync(path).isDirectory()) return readFolder(path);
  const bytes = readFileSync(path);
  const extension = extname(path);
  if (extension === '.zip') return zipped(bytes, 1, undefined);
  if (extension === '.ts') return { contentType: 'text/typescript', bytes, sha256: undefined, files: 1, runtime: 'nodejs20' };
  const known = RUNTIMES[extension];
  if (known === undefined) {
    throw new CliError(`${basename(path)} is of no kind that can be deployed by itself.`, {
      remedy: `Give a ${[...Object.keys(RUNTIMES), '.ts', '.zip'].join(', ')} file, or the folder it is in.`,
    });
  }
  return zipped(await zipFiles([{ name: known.entryFile, content: bytes }]), 1, known.runtime);
}

async function readFolder(folder: string): Promise<Code> {
  const files = [...filesOf(folder, rulesOf(folder))];
  if (files.length === 0)
    throw new CliError(`${folder} has no file to deploy.`, { remedy: `Put code into it, or look at its ${IGNORE_FILE}.` });
  const entry = Object.values(RUNTIMES).find(({ entryFile }) => files.some(({ name }) => name === entryFile));
  return zipped(await zipFiles(files), files.length, entry?.runtime);
}

function* filesOf(folder: string, rules: Ignore, root = folder): Generator<FileToZip> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const name = relative(root, path);
    if (rules.ignores(entry.isDirectory() ? `${name}/` : name)) continue;
    if (entry.isDirectory()) yield* filesOf(path, rules, root);
    else yield readEntry(entry, path, name);
  }
}

function readEntry(entry: Dirent, path: string, name: string): FileToZip {
  if (entry.isSymbolicLink()) {
    // EasyFaaS takes no links; what npm links into node_modules is meant to be a copy.
    if (!statSync(path).isFile())
      throw new CliError(`${name} is a link to a folder, which a package cannot hold.`, {
        remedy: `Copy it, or name it in ${IGNORE_FILE}.`,
      });
  } else if (!entry.isFile()) {
    throw new CliError(`${name} is neither a file nor a folder.`, { remedy: `Name it in ${IGNORE_FILE}.` });
  }
  return { name, content: readFileSync(path), isExecutable: (statSync(path).mode & 0o111) !== 0 };
}

/** `.easyfaasignore` is written like a .gitignore. */
function rulesOf(folder: string): Ignore {
  const file = join(folder, IGNORE_FILE);
  return ignore()
    .add(ALWAYS_IGNORED)
    .add(existsSync(file) ? readFileSync(file, 'utf8') : '');
}

function zipped(bytes: Buffer, files: number, runtime: string | undefined): Code {
  return { contentType: 'application/zip', bytes, sha256: createHash('sha256').update(bytes).digest('hex'), files, runtime };
}
