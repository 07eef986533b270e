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

/** Where uploaded zips are kept, by their hash. */
export interface PackageStore {
  /**
   * Stores a package after it was checked whole. MUST leave nothing behind when it fails, and MUST take as long for a package
   * that it has already as for a new one: nobody can probe for the code of others.
   * @throws ServiceError PACKAGE_TOO_LARGE, PACKAGE_TOO_MANY_FILES, INVALID_PACKAGE, PACKAGE_LINK, CHECKSUM_MISMATCH, DISK_FULL
   */
  put(upload: Upload): Promise<StoredPackage>;
}
