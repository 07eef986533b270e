import { readFileSync, readdirSync } from 'node:fs';

/** What a machine has of the things that leak. */
export interface MachineFigures {
  funcletDescriptors: number;
  controllerDescriptors: number;
  funcletRssMb: number;
  controllerRssMb: number;
  /** Below the data directory. */
  mounts: number;
  /** Of the containers of one installation, running or not. */
  containers: number;
  containerDirectories: number;
  /** Control groups of those containers. */
  cgroups: number;
  zombies: number;
}

/** What is known where; everything else is read from /proc. */
export interface MeasuredStack {
  dataDirectory: string;
  controller: { pid: number };
  funclet: { pid: number };
  dockerIds(): string[];
}

export function measureMachine(stack: MeasuredStack, idsSeen: ReadonlySet<string> = new Set()): MachineFigures {
  const { controller, funclet, dataDirectory } = stack;
  const ids = stack.dockerIds();
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return {
    funcletDescriptors: readdirSync(`/proc/${funclet.pid}/fd`).length,
    controllerDescriptors: readdirSync(`/proc/${controller.pid}/fd`).length,
    funcletRssMb: rssMb(funclet.pid),
    controllerRssMb: rssMb(controller.pid),
    mounts: mounts.filter((line) => (line.split(' ')[4] ?? '').startsWith(`${dataDirectory}/`)).length,
    containers: ids.length,
    containerDirectories: readdirSync(`${dataDirectory}/containers`).length,
    cgroups: cgroupsOf([...idsSeen, ...ids]),
    zombies: zombiesOf([controller.pid, funclet.pid]),
  };
}

function rssMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024);
}

/** Children of ours that nobody has waited for. */
function zombiesOf(parents: readonly number[]): number {
  const isZombie = (pid: string): boolean => {
    try {
      const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return state === 'Z' && parents.includes(Number(parent));
    } catch (error) {
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isZombie(name)).length;
}

/** Groups named after containers, in the memory hierarchy of version 1 or the one of version 2. */
function cgroupsOf(ids: readonly string[]): number {
  const wanted = new Set(ids);
  const roots = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].flatMap((root) => [`${root}/docker`, `${root}/system.slice`]);
  const names = new Set(roots.flatMap((root) => namesIn(root)).map((name) => name.replace(/^docker-|\.scope$/g, '')));
  return [...wanted].filter((id) => names.has(id)).length;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
