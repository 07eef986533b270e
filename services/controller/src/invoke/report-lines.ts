/** START, END and REPORT lines of a call's log, spelled as AWS Lambda spells them. */

export interface ReportFacts {
  requestId: string;
  durationMs: number;
  memoryMb: number;
  maxMemoryMb: number;
  /** Only of a cold call. */
  initMs: number | undefined;
}

export const startLine = (requestId: string, version: string): string => `START RequestId: ${requestId} Version: ${version}\n`;

export const endLine = (requestId: string): string => `END RequestId: ${requestId}\n`;

export function reportLine({ requestId, durationMs, memoryMb, maxMemoryMb, initMs }: ReportFacts): string {
  const parts = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs)} ms`,
    `Memory Size: ${memoryMb} MB`,
    `Max Memory Used: ${maxMemoryMb} MB`,
  ];
  if (initMs !== undefined) parts.push(`Init Duration: ${initMs.toFixed(2)} ms`);
  return `${parts.join('\t')}\t\n`;
}
