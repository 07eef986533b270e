import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import { collectYoungGarbage } from './collect-garbage';
import { StartedProcess } from './started-process';

/** The kernel ends the runtime first when memory runs out, so that the runner lives to tell. */
const OOM_SCORE_ADJ = '1000';
/** Output that is still in the pipes when the process has ended is read for this long at most. */
const DRAIN_MS = 100;
/** Output after which the buffers it came in are freed. */
const GARBAGE_BYTES = 2 * 1024 * 1024;
/** Inode of the initial process-id name space: PROC_PID_INIT_INO in the kernel's include/linux/proc_ns.h. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';
/** What V8 writes to standard error before it aborts. */
const HEAP_EXHAUSTED = 'JavaScript heap out of memory';

export interface RuntimeExit {
  code: number | null;
  signal: string | null;
  /** The language's own heap limit ended it, and not the kernel. */
  isHeapExhausted: boolean;
}

export interface RuntimeProcessOptions {
  manifest: RuntimeManifest;
  env: Record<string, string>;
  /** Process that was started for it already; absent: it is started now. */
  startedPid?: number | undefined;
  onOutput: (fd: 1 | 2, chunk: Buffer) => void;
  /** Called once, after all output that could be had. */
  onEnded: (exit: RuntimeExit) => void;
}

/** The pre-started process of one language, in a process group of its own. */
export class RuntimeProcess {
  readonly #child: ChildProcess | StartedProcess;
  #isHeapExhausted = false;
  #hasEnded = false;
  #garbageBytes = 0;

  constructor({ manifest, env, startedPid, onOutput, onEnded }: RuntimeProcessOptions) {
    this.#child =
      startedPid === undefined
        ? spawn(manifest.command, manifest.args, { detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] })
        : new StartedProcess(startedPid);
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      onOutput(1, chunk);
      this.#free(chunk.length);
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.includes(HEAP_EXHAUSTED)) this.#isHeapExhausted = true;
      onOutput(2, chunk);
      this.#free(chunk.length);
    });
    const complaint = this.#child.pid === undefined ? undefined : raiseOomScore(this.#child.pid);
    if (complaint !== undefined) onOutput(2, Buffer.from(`[easyfaas] ${complaint}\n`));
    const ended = (code: number | null, signal: string | null) => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      onEnded({ code, signal, isHeapExhausted: this.#isHeapExhausted && signal === 'SIGABRT' });
    };
    this.#child.on('error', (error: Error) => {
      if (this.#child.pid !== undefined) return;
      onOutput(2, Buffer.from(`[easyfaas] cannot start ${manifest.command}: ${error.message}\n`));
      ended(127, null); // what a shell answers for a command that cannot be run
    });
    // 'close' comes after all output; but a child that was left behind may hold the pipes open for ever.
    this.#child.on('exit', (code, signal) => setTimeout(ended, DRAIN_MS, code, signal));
    this.#child.on('close', ended);
  }

  #free(bytes: number): void {
    this.#garbageBytes += bytes;
    if (this.#garbageBytes < GARBAGE_BYTES) return;
    this.#garbageBytes = 0;
    collectYoungGarbage();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends the whole process group and, in a container, every process except its init and the runner itself. */
  killAll(): void {
    if (this.#child.pid !== undefined) signalGroup(-this.#child.pid);
    // One system call that no fork can race, which going through /proc could not promise.
    if (isAloneInContainer()) signalGroup(-1);
  }
}

/**
 * Whether every process that we may signal is of this container: started by the container's init, as an ordinary user, in a
 * process-id name space that is not the machine's. Otherwise (tests on a bare host) only the process group is ours.
 */
function isAloneInContainer(): boolean {
  return process.ppid === 1 && process.getuid?.() !== 0 && readlinkSync('/proc/self/ns/pid') !== INITIAL_PID_NAMESPACE;
}

function signalGroup(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // nobody left to signal
  }
}

/** @returns what is to be told when it cannot be done (a sandbox without that file): the container works without */
function raiseOomScore(pid: number): string | undefined {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, OOM_SCORE_ADJ);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const hasEnded = code === 'ENOENT' || code === 'ESRCH';
    return hasEnded ? undefined : `the kernel may prefer the runner when memory runs out: ${message}`;
  }
}

/** @throws when the file is missing or no manifest */
export function readManifest(file: string): RuntimeManifest {
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Partial<RuntimeManifest>;
  if (typeof manifest.name !== 'string' || typeof manifest.command !== 'string' || !Array.isArray(manifest.args)) {
    throw new Error(`${file} must have name, command and args`);
  }
  return manifest as RuntimeManifest;
}
