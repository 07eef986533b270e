import type { FileHandle } from 'node:fs/promises';
import { RandomAccessReader } from 'yauzl';

const WINDOW_BYTES = 256 * 1024;

/**
 * Reads a file through one window in memory. A zip's directory is tens of thousands of reads of 46 bytes one behind the
 * other, and its files mostly lie in the order of the directory: read singly, 60 000 entries cost 17 s, through the window 1.4 s.
 */
export class WindowReader extends RandomAccessReader {
  readonly #file: FileHandle;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;

  constructor(file: FileHandle) {
    super();
    this.#file = file;
  }

  /** For the zip library. A hit calls back at once. */
  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    const hit = this.#hit(position, length);
    if (hit !== undefined) {
      hit.copy(buffer, offset);
      callback(null);
      return;
    }
    this.readRange(position, length).then(
      (bytes) => {
        bytes.copy(buffer, offset);
        callback(null);
      },
      (error: unknown) => callback(error as Error),
    );
  }

  /** @throws Error when the file ends before `length` bytes */
  async readRange(position: number, length: number): Promise<Buffer> {
    const hit = this.#hit(position, length);
    if (hit !== undefined) return hit;
    if (length >= WINDOW_BYTES) return this.#fill(Buffer.allocUnsafe(length), position, length);
    const window = await this.#fill(Buffer.allocUnsafe(WINDOW_BYTES), position, length);
    this.#window = window;
    this.#windowStart = position;
    return window.subarray(0, length);
  }

  #hit(position: number, length: number): Buffer | undefined {
    const start = position - this.#windowStart;
    if (start < 0 || start + length > this.#window.length) return undefined;
    return this.#window.subarray(start, start + length);
  }

  /** Fills the buffer as far as the file goes, but at least `least` bytes. */
  async #fill(buffer: Buffer, position: number, least: number): Promise<Buffer> {
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#file.read(buffer, filled, buffer.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled < least) throw new Error('the file ends too early');
    return buffer.subarray(0, filled);
  }
}
