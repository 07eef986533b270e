import type { Readable, Writable } from 'node:stream';

/** What the command line needs of its process; tests hand in their own. */
export interface CliIo {
  argv: readonly string[];
  env: Record<string, string | undefined>;
  cwd(): string;
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean };
  once(event: 'SIGINT', listener: () => void): unknown;
}
