import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32, createInflateRaw, inflateRaw, inflateRawSync } from 'node:zlib';
import { fromRandomAccessReaderPromise, type Entry, type ZipFile } from 'yauzl';
import {
  PackageError,
  PackagePlan,
  checkOverlaps,
  invalid,
  tooManyFiles,
  type AcceptedEntry,
  type EntryRange,
  type PackageLimits,
} from './package-policy';
import { WindowReader } from './window-reader';

const inflate = promisify(inflateRaw);

/** Up to this many bytes, packed and unpacked, an entry is inflated in one go: a stream costs more than the work. */
const WHOLE_BYTES = 256 * 1024;
/** Up to this many bytes it is done on this thread: some 0.1 ms, about what handing it to another one costs. */
const INLINE_BYTES = 16 * 1024;
const READ_BYTES = 64 * 1024;
/** After so many steps that may all have been served from memory, others get the event loop. */
const STEPS_PER_TURN = 64;

/** An entry whose name and announced sizes the policy accepted. */
export interface ZipEntry extends AcceptedEntry {
  crc32: number;
  packedBytes: number;
  isStored: boolean;
  /** Where its local header and its packed bytes start in the zip. */
  headerStart: number;
  dataStart: number;
}

export interface OpenZip {
  /** In the order of the central directory. */
  entries: ZipEntry[];
  /** Regular files among them, and their bytes together. */
  files: number;
  unpackedBytes: number;
  /**
   * Inflates one file; `consume` gets its bytes in order and is awaited. Never hands on more bytes than announced.
   * @throws PackageError when size or CRC differ from what the zip announced
   */
  unpack(entry: ZipEntry, consume: (chunk: Buffer) => Promise<void> | void): Promise<void>;
}

/**
 * Opens a zip, checks every entry of its central directory against the policy, and hands it to `work`; the file is closed
 * afterwards, whatever happens. Nothing is inflated before the whole directory was accepted.
 * @throws PackageError; the signal's reason when aborted; a system error when the file cannot be read
 */
export async function withZip<T>(
  zipPath: string,
  limits: PackageLimits,
  signal: AbortSignal,
  work: (zip: OpenZip) => Promise<T>,
): Promise<T> {
  const file = await open(zipPath, 'r');
  try {
    const { size } = await file.stat();
    const reader = new WindowReader(file);
    const zip = await translating(signal, () => {
      return fromRandomAccessReaderPromise(reader, size, { autoClose: false, decodeStrings: false, validateEntrySizes: false });
    });
    const directory = await readDirectory(zip, limits, signal);
    let unpacked = 0;
    return await work({
      ...directory,
      async unpack(entry, consume) {
        if (++unpacked % STEPS_PER_TURN === 0) await nextTurn();
        await unpack(reader, entry, consume, signal);
      },
    });
  } finally {
    await file.close();
  }
}

async function readDirectory(zip: ZipFile, limits: PackageLimits, signal: AbortSignal): Promise<Omit<OpenZip, 'unpack'>> {
  // The announced count is checked first: reading 70 000 entries only to refuse them costs seconds.
  if (zip.entryCount > limits.files) throw tooManyFiles(limits);
  // A number, whatever its type declaration says; it moves on with each entry.
  const directoryStart = Number(zip.readEntryCursor);
  const plan = new PackagePlan(limits);
  const accepted: { entry: AcceptedEntry; raw: Entry }[] = [];
  let read = 0;
  await translating(signal, async () => {
    for await (const raw of zip.eachEntry()) {
      signal.throwIfAborted();
      if (++read % STEPS_PER_TURN === 0) await nextTurn();
      const entry = plan.add({
        nameBytes: raw.fileNameRaw,
        externalFileAttributes: raw.externalFileAttributes,
        generalPurposeBitFlag: raw.generalPurposeBitFlag,
        compressionMethod: raw.compressionMethod,
        compressedBytes: raw.compressedSize,
        uncompressedBytes: raw.uncompressedSize,
      });
      if (entry !== undefined) accepted.push({ entry, raw });
    }
  });
  const totals = plan.finish();
  const entries = await translating(signal, () => locate(zip, accepted, signal));
  checkOverlaps(entries.map(rangeOf), directoryStart);
  return { entries, ...totals };
}

/** Reads each local header: only it says where the data starts. */
async function locate(zip: ZipFile, accepted: { entry: AcceptedEntry; raw: Entry }[], signal: AbortSignal): Promise<ZipEntry[]> {
  const entries: ZipEntry[] = [];
  for (const { entry, raw } of accepted) {
    signal.throwIfAborted();
    if (entries.length % STEPS_PER_TURN === 0) await nextTurn();
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(raw, { minimal: true });
    entries.push({
      ...entry,
      crc32: raw.crc32,
      packedBytes: raw.compressedSize,
      isStored: raw.compressionMethod === 0,
      headerStart: raw.relativeOffsetOfLocalHeader,
      dataStart: fileDataStart,
    });
  }
  return entries;
}

function rangeOf(entry: ZipEntry): EntryRange {
  return { path: entry.path, start: entry.headerStart, end: entry.dataStart + entry.packedBytes };
}

async function unpack(
  reader: WindowReader,
  entry: ZipEntry,
  consume: (chunk: Buffer) => Promise<void> | void,
  signal: AbortSignal,
): Promise<void> {
  let bytes = 0;
  let sum = 0;
  const take = async (chunk: Buffer): Promise<void> => {
    signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes > entry.bytes) throw invalid(entry.path, `inflates to more than the ${entry.bytes} bytes it announces`);
    sum = crc32(chunk, sum);
    await consume(chunk);
  };
  if (entry.bytes <= WHOLE_BYTES && entry.packedBytes <= WHOLE_BYTES) await take(await inflateWhole(reader, entry));
  else if (entry.isStored) for await (const chunk of packedChunks(reader, entry)) await take(chunk);
  else await inflateStream(reader, entry, take);
  if (bytes !== entry.bytes) throw invalid(entry.path, `has ${bytes} bytes where ${entry.bytes} were announced`);
  if (sum !== entry.crc32) throw invalid(entry.path, 'is damaged: its CRC differs');
}

async function inflateWhole(reader: WindowReader, entry: ZipEntry): Promise<Buffer> {
  const packed = await readRange(reader, entry.path, entry.dataStart, entry.packedBytes);
  if (entry.isStored) return packed;
  try {
    const options = { maxOutputLength: Math.max(1, entry.bytes) };
    return entry.bytes <= INLINE_BYTES && entry.packedBytes <= INLINE_BYTES
      ? inflateRawSync(packed, options)
      : await inflate(packed, options);
  } catch (cause) {
    throw invalid(entry.path, 'cannot be inflated to its announced size', cause);
  }
}

async function inflateStream(reader: WindowReader, entry: ZipEntry, take: (chunk: Buffer) => Promise<void>): Promise<void> {
  const inflater = createInflateRaw({ chunkSize: READ_BYTES });
  const feeding = feed(reader, entry, inflater);
  try {
    for await (const chunk of inflater) await take(chunk as Buffer);
  } catch (cause) {
    inflater.destroy();
    await feeding;
    if (isZlibError(cause)) throw invalid(entry.path, 'cannot be inflated', cause);
    throw cause;
  }
  await feeding;
}

/** Writes the packed bytes into the inflater; its errors, reading included, come out of the inflater's other end. */
async function feed(reader: WindowReader, entry: ZipEntry, inflater: ReturnType<typeof createInflateRaw>): Promise<void> {
  try {
    for await (const chunk of packedChunks(reader, entry)) {
      if (inflater.destroyed || inflater.writableEnded) return;
      if (!inflater.write(chunk)) await drained(inflater);
    }
    inflater.end();
  } catch (error) {
    inflater.destroy(error as Error);
  }
}

function drained(inflater: ReturnType<typeof createInflateRaw>): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      inflater.off('drain', settle).off('close', settle);
      resolve();
    };
    if (inflater.destroyed) resolve();
    else inflater.once('drain', settle).once('close', settle);
  });
}

async function* packedChunks(reader: WindowReader, entry: ZipEntry): AsyncGenerator<Buffer> {
  for (let at = 0; at < entry.packedBytes; at += READ_BYTES) {
    yield await readRange(reader, entry.path, entry.dataStart + at, Math.min(READ_BYTES, entry.packedBytes - at));
  }
}

async function readRange(reader: WindowReader, path: string, start: number, length: number): Promise<Buffer> {
  try {
    return await reader.readRange(start, length);
  } catch (cause) {
    if ('syscall' in Object(cause)) throw cause;
    throw invalid(path, 'is cut off', cause);
  }
}

/** Runs work of the zip reader and turns its plain errors into ours. @throws PackageError */
async function translating<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    signal.throwIfAborted();
    // A failed system call (ENOENT, ENOSPC, EIO) is not the package's fault.
    if (cause instanceof PackageError || 'syscall' in Object(cause)) throw cause;
    const words = (cause as { message?: unknown }).message;
    throw new PackageError('INVALID_PACKAGE', `The package is not a readable zip: ${String(words)}`, { cause });
  }
}

function isZlibError(error: unknown): boolean {
  return String((Object(error) as { code?: unknown }).code).startsWith('Z_');
}
