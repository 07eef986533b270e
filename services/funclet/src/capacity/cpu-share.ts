/** Lambda gives one processor per 1769 MB. */
export const MB_PER_CPU = 1769;

/** Of a processor, in proportion to memory; Docker refuses less than one. */
export function hundredthsOf(memoryMb: number): number {
  return Math.max(1, Math.round((memoryMb / MB_PER_CPU) * 100));
}
