import type { FuncletConfig } from '../config';
import { chooseMountMode, withoutBinds, type MountModeChoice } from './choose-mount-mode';
import { BindCodeMounts, LinkedCode, type CodeMounts } from './code-mounts';
import { MountError, type MountSyscalls } from './mount-syscalls';
import type { MountEntry } from './mount-table';

export interface OpenedCodeMounts {
  codeMounts: CodeMounts;
  /** Why code is linked although it was not asked for. */
  warning?: string;
}

/**
 * Chooses how code gets into containers and tries it.
 * @throws Error with the remedy when mounting was demanded and is impossible
 */
export function openCodeMounts(
  config: Pick<FuncletConfig, 'mountMode' | 'dataDir' | 'directories'>,
  loadSyscalls: () => MountSyscalls,
  readTable: () => MountEntry[],
): OpenedCodeMounts {
  const { mountMode, dataDir, directories } = config;
  const choice = chooseMountMode(mountMode, readTable(), dataDir);
  if (choice.mode !== 'bind') return linked(choice, directories.code);
  const mounts = new BindCodeMounts(loadSyscalls(), directories.code, directories.readOnlyCode, readTable);
  try {
    mounts.prepare();
    return { codeMounts: mounts };
  } catch (error) {
    if (!(error instanceof MountError) || mountMode === 'hardlink') throw error;
    return linked(withoutBinds(mountMode, dataDir, error.message), directories.code);
  }
}

function linked(choice: Exclude<MountModeChoice, { mode: 'bind' }>, code: string): OpenedCodeMounts {
  if (choice.mode === 'refused') throw new Error(choice.problem);
  return { codeMounts: new LinkedCode(code), ...(choice.warning === undefined ? {} : { warning: choice.warning }) };
}
