/**
 * What a package may contain, decided without touching a disk. Reading and writing zips is in read-zip.ts,
 * inspect-package.ts and extract-package.ts; both ends (upload and unpacking) apply this one policy.
 */

export type PackageErrorCode = 'INVALID_PACKAGE' | 'PACKAGE_LINK' | 'PACKAGE_TOO_LARGE' | 'PACKAGE_TOO_MANY_FILES';

/** A package that is refused. `code` is one of the platform's error codes; the message names the entry and the limit. */
export class PackageError extends Error {
  override readonly name = 'PackageError';
  readonly code: PackageErrorCode;

  constructor(code: PackageErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

export interface PackageLimits {
  /** All files unpacked, bytes. */
  unpackedBytes: number;
  /** One file unpacked, bytes. */
  fileBytes: number;
  /** Entries, directories included. */
  files: number;
  /** Bytes of one entry's name. */
  pathBytes: number;
  /** Names in one path. */
  depth: number;
  /** Unpacked over packed size of one file; not looked at up to {@link ratioFloorBytes}. */
  ratio: number;
  ratioFloorBytes: number;
}

const MIB = 1024 * 1024;

/** Lambda's 250 MB; zip names, depth and ratio after the corpus of hostile packages. */
export const DEFAULT_PACKAGE_LIMITS: PackageLimits = {
  unpackedBytes: 250 * MIB,
  fileBytes: 250 * MIB,
  files: 65_000,
  pathBytes: 512,
  depth: 32,
  ratio: 100,
  ratioFloorBytes: MIB,
};

/** Members of a zip's central directory that the policy looks at. */
export interface RawEntry {
  nameBytes: Uint8Array;
  externalFileAttributes: number;
  generalPurposeBitFlag: number;
  compressionMethod: number;
  compressedBytes: number;
  uncompressedBytes: number;
}

export interface AcceptedEntry {
  /** Relative, `/` between names, no `.` or `..`. */
  path: string;
  kind: 'file' | 'directory';
  isExecutable: boolean;
  /** Announced size; what is inflated must have exactly this many bytes. */
  bytes: number;
}

/** Bits of the Unix mode, in the upper half of the external attributes. */
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const ANY_EXECUTE = 0o111;
const FLAG_ENCRYPTED = 0x1;
const METHOD_STORED = 0;
const METHOD_DEFLATED = 8;
/** Linux NAME_MAX. */
const NAME_BYTES_MAX = 255;

// C0, DEL and C1 controls, line separators, byte order mark.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;
// Marks, embeddings, overrides and isolates: a name that reads differently from what it is.
const BIDIRECTIONAL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/**
 * Collects the accepted entries of one package. Every `add` may throw; after the last one `finish` gives the whole.
 * Announced sizes are checked here, so that a bomb is refused before a byte of it is inflated.
 */
export class PackagePlan {
  readonly #limits: PackageLimits;
  /** Kind by path in normal form C, for duplicates and for files that are used as directories. */
  readonly #kinds = new Map<string, 'file' | 'directory'>();
  /** Directories that some entry lies in. */
  readonly #parents = new Set<string>();
  #entries = 0;
  #files = 0;
  #bytes = 0;

  constructor(limits: PackageLimits) {
    this.#limits = limits;
  }

  /** @returns the entry, or undefined for the package's own top directory (`./`) @throws PackageError */
  add(raw: RawEntry): AcceptedEntry | undefined {
    this.#entries += 1;
    if (this.#entries > this.#limits.files) throw tooManyFiles(this.#limits);
    const name = decodeName(raw.nameBytes);
    const kind = kindOf(raw, name);
    const path = checkPath(name, this.#limits);
    if (path === undefined) return undefined;
    checkStorage(raw, name);
    this.#remember(path, kind);
    if (kind === 'directory') {
      if (raw.uncompressedBytes > 0) throw invalid(name, 'is a directory with content');
      return { path, kind, isExecutable: true, bytes: 0 };
    }
    this.#files += 1;
    checkFileSize(name, raw.compressedBytes, raw.uncompressedBytes, this.#limits);
    this.#bytes += raw.uncompressedBytes;
    if (this.#bytes > this.#limits.unpackedBytes) throw totalTooLarge(this.#limits);
    const mode = raw.externalFileAttributes >>> 16;
    return { path, kind, isExecutable: (mode & ANY_EXECUTE) !== 0, bytes: raw.uncompressedBytes };
  }

  /** @throws PackageError when there is no file at all */
  finish(): { files: number; unpackedBytes: number } {
    if (this.#files === 0) throw new PackageError('INVALID_PACKAGE', 'The package contains no file.');
    return { files: this.#files, unpackedBytes: this.#bytes };
  }

  #remember(path: string, kind: 'file' | 'directory'): void {
    const key = path.normalize('NFC');
    if (this.#kinds.has(key)) throw invalid(path, 'occurs twice');
    if (kind === 'file' && this.#parents.has(key)) throw invalid(path, 'is a file and also a directory');
    this.#kinds.set(key, kind);
    for (let at = key.lastIndexOf('/'); at > 0; at = key.lastIndexOf('/', at - 1)) {
      const parent = key.slice(0, at);
      if (this.#kinds.get(parent) === 'file') throw invalid(parent, 'is a file and also a directory');
      this.#parents.add(parent);
    }
  }
}

/** Byte range of an entry in the zip: local header, name, extra field and data. */
export interface EntryRange {
  path: string;
  start: number;
  end: number;
}

/**
 * Refuses entries that share bytes: the trick by which a small zip inflates one piece of data many times.
 * @param dataEnd where the central directory starts, bytes from the start
 * @throws PackageError
 */
export function checkOverlaps(ranges: readonly EntryRange[], dataEnd: number): void {
  const sorted = [...ranges].sort((a, b) => a.start - b.start);
  let last: EntryRange | undefined;
  for (const range of sorted) {
    if (last !== undefined && range.start < last.end) throw invalid(range.path, `overlaps ${quote(last.path)}`);
    if (range.end > dataEnd) throw invalid(range.path, 'reaches into the central directory');
    last = range;
  }
}

/** @throws PackageError PACKAGE_TOO_LARGE */
export function checkFileSize(name: string, packedBytes: number, bytes: number, limits: PackageLimits): void {
  if (bytes > limits.fileBytes) {
    throw new PackageError(
      'PACKAGE_TOO_LARGE',
      `${quote(name)} has ${bytes} bytes unpacked, the limit for one file is ${limits.fileBytes}.`,
    );
  }
  if (bytes > limits.ratioFloorBytes && bytes > packedBytes * limits.ratio) {
    throw new PackageError(
      'PACKAGE_TOO_LARGE',
      `${quote(name)} unpacks to over ${limits.ratio} times its packed size, which is the limit.`,
    );
  }
}

export function tooManyFiles(limits: PackageLimits): PackageError {
  return new PackageError('PACKAGE_TOO_MANY_FILES', `The package has more than ${limits.files} entries, which is the limit.`);
}

export function totalTooLarge(limits: PackageLimits): PackageError {
  return new PackageError('PACKAGE_TOO_LARGE', `The package has over ${limits.unpackedBytes} bytes unpacked, which is the limit.`);
}

export function invalid(name: string, what: string, cause?: unknown): PackageError {
  return new PackageError('INVALID_PACKAGE', `${quote(name)} ${what}.`, cause === undefined ? {} : { cause });
}

/** A name as it may be shown: escaped and short. */
function quote(name: string): string {
  const shown = name.length > 120 ? `${name.slice(0, 120)}…` : name;
  return JSON.stringify(shown).replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Names count as UTF-8 whatever flag 11 says: many packers write UTF-8 without it, and nothing else is readable later. */
function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid(Buffer.from(bytes).toString('latin1'), 'is not a name in UTF-8', cause);
  }
}

function kindOf(raw: RawEntry, name: string): 'file' | 'directory' {
  const type = (raw.externalFileAttributes >>> 16) & S_IFMT;
  const looksLikeDirectory = name.endsWith('/');
  if (type !== 0 && type !== S_IFREG && type !== S_IFDIR) {
    throw new PackageError(
      'PACKAGE_LINK',
      `${quote(name)} is a link, device, FIFO or socket; only regular files and directories are allowed.`,
    );
  }
  if (type === S_IFREG && looksLikeDirectory) throw invalid(name, 'is marked as a file but named like a directory');
  if (type === S_IFDIR && !looksLikeDirectory) throw invalid(name, 'is marked as a directory but named like a file');
  return looksLikeDirectory ? 'directory' : 'file';
}

function checkStorage(raw: RawEntry, name: string): void {
  if ((raw.generalPurposeBitFlag & FLAG_ENCRYPTED) !== 0) throw invalid(name, 'is encrypted');
  if (raw.compressionMethod !== METHOD_STORED && raw.compressionMethod !== METHOD_DEFLATED) {
    throw invalid(name, `is packed by method ${raw.compressionMethod}; only stored (0) and deflated (8) are understood`);
  }
  if (raw.compressionMethod === METHOD_STORED && raw.compressedBytes !== raw.uncompressedBytes) {
    throw invalid(name, 'is stored as it is but announces two different sizes');
  }
}

/** @returns the path without a trailing slash, undefined for the top directory itself @throws PackageError */
function checkPath(name: string, limits: PackageLimits): string | undefined {
  if (name === '') throw invalid(name, 'is an empty name');
  if (Buffer.byteLength(name) > limits.pathBytes) throw invalid(name, `is longer than ${limits.pathBytes} bytes, the limit for a path`);
  if (CONTROL.test(name)) throw invalid(name, 'contains a control character');
  if (BIDIRECTIONAL.test(name)) throw invalid(name, 'contains a mark that changes the direction of writing');
  if (name.includes('\\')) throw invalid(name, 'contains a backslash');
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) throw invalid(name, 'is an absolute path');
  // Some packers begin every name with `./`.
  const relative = name.replace(/^(\.\/)+/, '').replace(/\/$/, '');
  if (relative === '' || relative === '.') {
    if (name.startsWith('.')) return undefined;
    throw invalid(name, 'is an empty name');
  }
  const segments = relative.split('/');
  if (segments.length > limits.depth) throw invalid(name, `lies deeper than ${limits.depth} directories, the limit`);
  for (const segment of segments) checkSegment(name, segment);
  return relative;
}

function checkSegment(name: string, segment: string): void {
  if (segment === '') throw invalid(name, 'has an empty part');
  if (segment === '.' || segment === '..') throw invalid(name, 'contains a relative part');
  if (/[. ]$/.test(segment)) throw invalid(name, 'has a part that ends in a dot or space');
  if (Buffer.byteLength(segment) > NAME_BYTES_MAX) throw invalid(name, `has a part longer than ${NAME_BYTES_MAX} bytes`);
}
