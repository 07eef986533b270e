export interface CacheEntryFacts {
  sha256: string;
  bytes: number;
  lastUsedMs: number;
}

/**
 * Which entries go so that the rest fits: those used longest ago first, never one that is in use. The rest may still be
 * too big when much is in use.
 */
export function chooseEvictions(entries: readonly CacheEntryFacts[], inUse: ReadonlySet<string>, maxBytes: number): string[] {
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const chosen: string[] = [];
  const oldestFirst = [...entries].sort((a, b) => a.lastUsedMs - b.lastUsedMs);
  for (const entry of oldestFirst) {
    if (bytes <= maxBytes) break;
    if (inUse.has(entry.sha256)) continue;
    chosen.push(entry.sha256);
    bytes -= entry.bytes;
  }
  return chosen;
}
