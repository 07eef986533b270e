import type { Readable } from 'node:stream';

/** A package on its way in. */
export interface Upload {
  /** The zip's bytes. */
  bytes: AsyncIterable<Uint8Array>;
  /** What the sender says the zip's SHA-256 is, hex. */
  sha256?: string;
}

export interface StoredPackage {
  /** Hex SHA-256 of the zip: its name in the store. */
  sha256: string;
  sizeBytes: number;
}

/** A package that was checked whole. */
export interface CheckedPackage extends StoredPackage {
  /** Of all its files. */
  unpackedBytes: number;
}

export interface PackageFile extends StoredPackage {
  /** Milliseconds since the epoch: when it was uploaded last. */
  modifiedMs: number;
}

/** Stored packages as files, for their removal. */
export interface PackageFiles {
  list(): Promise<PackageFile[]>;
  /** MUST NOT take away what is uploaded again at the same time. @returns false when it was uploaded since, or is gone */
  removeIfOlder(sha256: string, thanMs: number): Promise<boolean>;
}

/** Where uploaded zips are kept, by their hash. */
export interface PackageStore {
  /**
   * Stores a package after it was checked whole. MUST leave nothing behind when it fails, and MUST take as long for a package
   * that it has already as for a new one: nobody can probe for the code of others. A package counts as uploaded now in
   * both cases, before the promise settles.
   * @throws ServiceError PACKAGE_TOO_LARGE, PACKAGE_TOO_MANY_FILES, INVALID_PACKAGE, PACKAGE_LINK, CHECKSUM_MISMATCH, DISK_FULL
   */
  put(upload: Upload): Promise<CheckedPackage>;
}

export interface PackageReader {
  /** @returns undefined when it is not here */
  open(sha256: string): Promise<{ sizeBytes: number; bytes: Readable } | undefined>;
}
