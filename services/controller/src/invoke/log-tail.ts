import { LIMITS } from '@easyfaas/contracts/wire';

/** Keeps the last bytes of one call's log. Costs nothing until the first line. */
export class LogTail {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #keptBytes = 0;
  #totalBytes = 0;
  #truncatedBytes = 0;

  constructor(limitBytes: number = LIMITS.logTailBytes) {
    this.#limitBytes = limitBytes;
  }

  get isEmpty(): boolean {
    return this.#totalBytes === 0;
  }

  /**
   * Adds bytes that the call wrote; they are copied, so the caller may reuse them. What is over the log allowance of a call
   * is counted and dropped, as the runtime should have done already.
   * @param truncatedBytes how much the runtime says it dropped itself
   */
  add(bytes: Buffer, truncatedBytes = 0): void {
    this.#truncatedBytes += truncatedBytes;
    const room = LIMITS.logBytesPerCall - this.#totalBytes;
    const taken = bytes.length <= room ? bytes : bytes.subarray(0, Math.max(0, room));
    this.#truncatedBytes += bytes.length - taken.length;
    if (taken.length === 0) return;
    this.#totalBytes += taken.length;
    const last = taken.length > this.#limitBytes ? taken.subarray(taken.length - this.#limitBytes) : taken;
    this.#chunks.push(Buffer.from(last));
    this.#keptBytes += last.length;
    while (this.#keptBytes - (this.#chunks[0]?.length ?? 0) >= this.#limitBytes) this.#keptBytes -= this.#chunks.shift()?.length ?? 0;
    // A thousand one-byte lines must not become a thousand buffers.
    if (this.#chunks.length > 64) this.#chunks = [Buffer.concat(this.#chunks)];
  }

  /** The kept text, ending in a line break, with one line at its end that says how much was cut. */
  text(): string {
    let text = Buffer.concat(this.#chunks).toString('utf8');
    if (text !== '' && !text.endsWith('\n')) text += '\n';
    if (this.#truncatedBytes > 0) {
      text += `${JSON.stringify({ truncated: true, truncatedBytes: this.#truncatedBytes, limitBytes: LIMITS.logBytesPerCall })}\n`;
    }
    return text;
  }
}

/** The last `limitBytes` of a text, never starting inside a character. */
export function lastBytes(text: string, limitBytes: number): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= limitBytes) return bytes;
  let start = bytes.length - limitBytes;
  // Continuation bytes of UTF-8 are 10xxxxxx.
  while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return bytes.subarray(start);
}
