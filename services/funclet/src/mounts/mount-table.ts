import { readFileSync } from 'node:fs';

/** One line of /proc/self/mountinfo; see proc_pid_mountinfo(5). */
export interface MountEntry {
  mountId: number;
  parentId: number;
  /** Directory of the file system that is shown. */
  root: string;
  mountPoint: string;
  options: readonly string[];
  /** Peer group under which mounts made below this one are seen elsewhere too. */
  isShared: boolean;
  /** major:minor of the file system. */
  device: string;
}

/** Lines in the order of the file: of several mounts at one point the last one is on top. */
export function parseMountTable(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const separator = fields.indexOf('-');
    const [mountId, parentId, device, root, mountPoint, options] = fields;
    if (separator < 6 || root === undefined || mountPoint === undefined || options === undefined || device === undefined) return [];
    return [
      {
        mountId: Number(mountId),
        parentId: Number(parentId),
        device,
        root: unescapeOctal(root),
        mountPoint: unescapeOctal(mountPoint),
        options: options.split(','),
        isShared: fields.slice(6, separator).some((field) => field.startsWith('shared:')),
      },
    ];
  });
}

/** The mount on which a path lies: the longest mount point above it, the last one of several. */
export function mountOf(table: readonly MountEntry[], path: string): MountEntry | undefined {
  let best: MountEntry | undefined;
  for (const entry of table) {
    const isAbove = entry.mountPoint === '/' || path === entry.mountPoint || path.startsWith(`${entry.mountPoint}/`);
    if (isAbove && (best === undefined || entry.mountPoint.length >= best.mountPoint.length)) best = entry;
  }
  return best;
}

export function mountsAt(table: readonly MountEntry[], path: string): MountEntry[] {
  return table.filter((entry) => entry.mountPoint === path);
}

/** Reads the mounts that this process sees. */
export function readMountTable(): MountEntry[] {
  return parseMountTable(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** Space, tab, newline and backslash are written as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Names below `code/` that are mounted in containers, as code or as layers; follows a directory that was renamed since. */
export function mountedCodeNames(table: readonly MountEntry[], containersDirectory: string): Set<string> {
  const names = new Set<string>();
  for (const { mountPoint, root } of table) {
    if (mountPoint.startsWith(`${containersDirectory}/`) && /\/(task|opt)$/.test(mountPoint))
      names.add(root.slice(root.lastIndexOf('/') + 1));
  }
  return names;
}
