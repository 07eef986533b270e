import type { EngineFacts } from './engine/container-engine';

export interface Preflight {
  /** Reasons not to start. */
  problems: string[];
  /** For the log and for GET /v1/node. */
  warnings: string[];
}

/** First versions of each line without the escapes CVE-2025-31133, -52565 and -52881. */
const RUNC_FIXED: Readonly<Record<string, string>> = { '1.2': '1.2.8', '1.3': '1.3.3' };
/** First engine without CVE-2026-42306 and CVE-2026-41567. */
const ENGINE_FIXED = '29.5.1';

/** What an engine must be able to do, and what is worth a warning about it. */
export function preflight(facts: EngineFacts): Preflight {
  const problems: string[] = [];
  const warnings: string[] = [];
  if (!facts.hasSeccomp) problems.push('Docker runs without seccomp: system calls of functions could not be filtered');
  if (!facts.canLimit.memory) problems.push('the kernel has no memory limits for containers: Docker would drop them with a mere warning');
  if (!facts.canLimit.pids) problems.push('the kernel has no process limits for containers: a fork bomb would not be stopped');
  if (!facts.canLimit.swap)
    warnings.push('The kernel does not account for swap: where there is swap, a function can use it beyond its memory limit.');
  if (isOlder(facts.version, ENGINE_FIXED)) {
    warnings.push(
      `Docker Engine ${facts.version} is older than ${ENGINE_FIXED}; see whether your distribution has mended CVE-2026-42306 and CVE-2026-41567.`,
    );
  }
  if (!isRuncFixed(facts.runcVersion)) {
    warnings.push(
      `runc ${facts.runcVersion} may have the escapes CVE-2025-31133, CVE-2025-52565 and CVE-2025-52881, unless your distribution has mended them.`,
    );
  }
  return { problems, warnings };
}

function isRuncFixed(version: string): boolean {
  const line = /^(\d+\.\d+)/.exec(version)?.[1];
  if (line === undefined) return false;
  const fixed = RUNC_FIXED[line];
  return fixed === undefined ? !isOlder(version, '1.4.0') : !isOlder(version, fixed);
}

/** Compares the first three numbers; what follows them is the distribution's own. */
function isOlder(version: string, than: string): boolean {
  const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const a = numbers(version);
  const b = numbers(than);
  for (const at of [0, 1, 2]) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
