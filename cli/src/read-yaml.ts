import { parse } from 'yaml';
import { CliError } from './cli-error';

/** @param where what to call the text in an error @throws CliError when it is not YAML (JSON is) */
export function readYaml(text: string, where: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new CliError(`${where} is not YAML: ${(cause as Error).message}`, { cause });
  }
}
