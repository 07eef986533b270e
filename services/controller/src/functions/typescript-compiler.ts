import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { ServiceError } from '@easyfaas/service-kit';
import { throttled } from '../invoke/admission';

const SOURCE_NAME = 'index.ts';
const LIMIT_MS = 5_000;
/** Memory of the compiler, KiB: 4 MiB of ordinary functions take 330 MiB, brackets nested a million deep take all there is. */
const DATA_KIB = 448 * 1024;
/** 4 MiB of source give about 5 MB. */
const OUTPUT_BYTES = 16 * 1024 * 1024;
/** Sources that wait, of 4 MiB at most. */
const WAITING_MAX = 8;

/** The raw settings are there so that no tsconfig.json is looked for. No source map: Node.js would need it switched on before it loads the code. */
const OPTIONS = [
  '--loader=ts',
  '--format=cjs',
  '--platform=node',
  '--target=node20',
  `--sourcefile=${SOURCE_NAME}`,
  '--tsconfig-raw={}',
  '--charset=utf8',
  '--log-level=error',
  '--log-limit=1',
  '--color=false',
];
/** Where the shell may not set the limit there is a lower one. If memory runs out all the same, the kernel is to take the compiler, not the caller. */
const LIMITED = `ulimit -d ${DATA_KIB} 2>/dev/null; { echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null; exec "$0" "$@"`;
/** Its runtime is Go: esbuild itself switches the collector off, and a thread per core is too much beside calls. */
const ENVIRONMENT = { GOGC: '100', GOMAXPROCS: '2' };

/** `✘ [ERROR] <text>`, and below it `<file>:<line>:<column>:` with columns from 0. */
const FIRST_ERROR = /\[ERROR\] ([^\n]{1,500})(?:\n\s+[^\n:]+:(\d+):(\d+):)?/;
/** Of the shell: not executable, not there. */
const NOT_RUN = [126, 127];

interface Ended {
  /** undefined: it was killed for its time or output. */
  code: number | undefined;
  output: Buffer;
  errors: string;
}

/**
 * Takes the types out of one file of TypeScript; they are not checked. The compiler is esbuild, one process per file with a limit of time and memory,
 * one at a time: it reads what strangers send, and nesting without end makes it crash.
 */
export class TypeScriptCompiler {
  readonly #path: string | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param path of the program `esbuild`; undefined where it is not installed */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /**
   * @returns CommonJS; the same source gives the same bytes
   * @throws ServiceError INVALID_SOURCE naming line and column, THROTTLED, NOT_SUPPORTED where the compiler is not installed
   */
  async compile(source: Buffer): Promise<Buffer> {
    const path = this.#path;
    if (path === undefined) throw notInstalled();
    if (this.#waiting >= WAITING_MAX) {
      const words = `${WAITING_MAX} TypeScript sources are waiting for the compiler; try again in a second.`;
      throw throttled('WaitingLineFull', words, 1);
    }
    this.#waiting += 1;
    const turn = this.#last.then(() => run(path, source)).finally(() => (this.#waiting -= 1));
    this.#last = turn.catch(() => undefined);
    const { code, output, errors } = await turn;
    if (code === 0) return output;
    throw code !== undefined && NOT_RUN.includes(code) ? notInstalled() : invalidSource(errors);
  }
}

/** The program that npm installs for this machine. */
export function installedEsbuild(): string | undefined {
  try {
    return createRequire(__filename).resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`);
  } catch {
    return undefined;
  }
}

function run(path: string, source: Buffer): Promise<Ended> {
  const options = {
    cwd: '/',
    env: ENVIRONMENT,
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES,
    encoding: 'buffer',
  } as const;
  return new Promise((resolve, reject) => {
    const child = execFile('/bin/sh', ['-c', LIMITED, path, ...OPTIONS], options, (error, output, stderr) => {
      const errors = stderr.subarray(0, 4096).toString('utf8');
      if (error === null) resolve({ code: 0, output, errors });
      else if (typeof error.code === 'number') resolve({ code: error.code, output, errors });
      else if (error.killed === true || typeof error.signal === 'string') resolve({ code: undefined, output, errors });
      else reject(new Error('the TypeScript compiler could not be started', { cause: error }));
    });
    // It may end before it has read all; how it ended says more.
    child.stdin?.on('error', () => child.stdin?.destroy());
    child.stdin?.end(source);
  });
}

function invalidSource(errors: string): ServiceError {
  const [, text, line, column] = FIRST_ERROR.exec(errors) ?? [];
  if (text === undefined) {
    const words = `${SOURCE_NAME} could not be compiled within ${LIMIT_MS / 1000} s and ${DATA_KIB / 1024} MiB: make it simpler, or compile it yourself.`;
    return new ServiceError('INVALID_SOURCE', words, { details: { file: SOURCE_NAME } });
  }
  if (line === undefined || column === undefined)
    return new ServiceError('INVALID_SOURCE', `${SOURCE_NAME}: ${text}.`, { details: { file: SOURCE_NAME } });
  const place = { file: SOURCE_NAME, line: Number(line), column: Number(column) + 1 };
  return new ServiceError('INVALID_SOURCE', `${SOURCE_NAME}, line ${place.line}, column ${place.column}: ${text}.`, { details: place });
}

function notInstalled(): ServiceError {
  return new ServiceError('NOT_SUPPORTED', 'This installation has no TypeScript compiler (EASYFAAS_ESBUILD); send JavaScript.');
}
