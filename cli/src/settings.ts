import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from './cli-error';

/** Where the engine is and who asks. */
export interface Settings {
  url: string;
  /** undefined where no key was found: then only public routes answer. */
  key: string | undefined;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_DATA_DIR = '/var/lib/easyfaas';

/**
 * `--url` and `--key-file` before EASYFAAS_URL and EASYFAAS_KEY, before the admin key of a stack on this machine.
 * @throws CliError when what was given cannot be used
 */
export function readSettings(options: { url?: string; keyFile?: string }, env: Record<string, string | undefined>): Settings {
  return { url: readUrl(options.url ?? env['EASYFAAS_URL'] ?? DEFAULT_URL), key: readKey(options.keyFile, env) };
}

function readUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new CliError(`"${text}" is not the address of an EasyFaaS.`, { remedy: `Give --url or EASYFAAS_URL such as ${DEFAULT_URL}.` });
  }
  return text.replace(/\/+$/, '');
}

function readKey(keyFile: string | undefined, env: Record<string, string | undefined>): string | undefined {
  if (keyFile !== undefined) {
    try {
      return readFileSync(keyFile, 'utf8').trim();
    } catch (cause) {
      throw new CliError(`The key file ${keyFile} cannot be read.`, { remedy: 'Check the path and its permissions.', cause });
    }
  }
  if (env['EASYFAAS_KEY']) return env['EASYFAAS_KEY'].trim();
  const adminKeyFile = join(env['EASYFAAS_DATA_DIR'] ?? DEFAULT_DATA_DIR, 'admin.key');
  try {
    return readFileSync(adminKeyFile, 'utf8').trim();
  } catch (error) {
    // Not on this machine, or not for this user: the answer to the first request says what to do.
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new CliError(`The key file ${adminKeyFile} cannot be read.`, { cause: error });
  }
}
