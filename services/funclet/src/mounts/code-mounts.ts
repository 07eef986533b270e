import { chmodSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../code/remove-tree';
import { mountsAt, type MountEntry } from './mount-table';
import type { MountSyscalls } from './mount-syscalls';

/** Puts unpacked code into a running container's task directory, and takes it out. */
export interface CodeMounts {
  readonly mode: 'bind' | 'hardlink';
  /** @param name of a directory below `code/` @param target the container's empty task directory */
  attach(name: string, target: string): void;
  /** Whether the container has code. */
  isAttached(target: string): boolean;
  /** Idempotent. Afterwards the target is an empty directory, or gone if it was. */
  detach(target: string): void;
  /** Gives back what all containers shared; nothing is attached any more. */
  release(): void;
}

/** More mounts one above the other than we ever make. */
const STACK_MAX = 16;

/** The mount appears inside the container by propagation; see docs/adr/0002. */
export class BindCodeMounts implements CodeMounts {
  readonly mode = 'bind';
  readonly #syscalls: MountSyscalls;
  readonly #code: string;
  readonly #readOnlyCode: string;
  readonly #readTable: () => MountEntry[];

  /** @param code `<dataDir>/code` @param readOnlyCode `<dataDir>/code-ro`; both exist */
  constructor(syscalls: MountSyscalls, code: string, readOnlyCode: string, readTable: () => MountEntry[]) {
    this.#syscalls = syscalls;
    this.#code = code;
    this.#readOnlyCode = readOnlyCode;
    this.#readTable = readTable;
  }

  /**
   * Brings up the read-only view of all code from which code is bound. A bind takes its flags from its source: bound
   * from here it is read-only wherever it is propagated to, which a bind made read-only afterwards is not.
   * An earlier process's view is used again when it is sound, else replaced.
   * @throws MountError; Error when the kernel did not do it
   */
  prepare(): void {
    if (this.#isPrepared()) return;
    this.#unmountAll(this.#readOnlyCode);
    this.#syscalls.bind(this.#code, this.#readOnlyCode);
    this.#syscalls.makeReadOnly(this.#readOnlyCode);
    if (!this.#isPrepared()) throw new Error(`${this.#readOnlyCode} is not a read-only view of ${this.#code} after mounting it`);
  }

  attach(name: string, target: string): void {
    this.#syscalls.bind(join(this.#readOnlyCode, name), target);
  }

  isAttached(target: string): boolean {
    return mountsAt(this.#readTable(), target).length > 0;
  }

  detach(target: string): void {
    this.#unmountAll(target);
  }

  release(): void {
    this.#unmountAll(this.#readOnlyCode);
  }

  #isPrepared(): boolean {
    const top = mountsAt(this.#readTable(), this.#readOnlyCode).at(-1);
    return top !== undefined && top.root.endsWith('/code') && top.options.includes('ro') && top.isShared;
  }

  #unmountAll(target: string): void {
    for (let depth = 0; depth < STACK_MAX && this.#syscalls.unmount(target); depth++);
  }
}

/** Where mounts do not reach into containers: every file is linked. Slower by the number of files, same protection. */
export class LinkedCode implements CodeMounts {
  readonly mode = 'hardlink';
  readonly #code: string;

  constructor(code: string) {
    this.#code = code;
  }

  attach(name: string, target: string): void {
    linkTree(join(this.#code, name), target);
  }

  isAttached(target: string): boolean {
    return (unlessMissing(() => readdirSync(target)) ?? []).length > 0;
  }

  release(): void {
    return;
  }

  detach(target: string): void {
    for (const name of unlessMissing(() => readdirSync(target)) ?? []) removeTree(join(target, name));
  }
}

function linkTree(source: string, target: string): void {
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const to = join(target, entry.name);
    if (entry.isDirectory()) {
      mkdirSync(to);
      linkTree(join(source, entry.name), to);
      chmodSync(to, 0o555);
    } else linkSync(join(source, entry.name), to);
  }
}

function unlessMissing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
