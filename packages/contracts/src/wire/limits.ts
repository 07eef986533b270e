/**
 * Sizes and counts that both ends of a wire must agree on. Everything a user can meet is configurable in the
 * controller; the values here are the defaults and the hard ceilings of the protocol itself.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  /** Lambda's synchronous payload and result limit, bytes. */
  syncPayloadBytes: 6 * MIB,
  /** A streamed answer, bytes; as AWS Lambda's. */
  streamBytes: 200 * MIB,
  /** Of a streamed answer, bytes that its client has not taken: what INVOKE allows to be sent at first. */
  streamWindowBytes: 256 * KIB,
  /** Zipped package, bytes. */
  packageBytes: 50 * MIB,
  /** All files of a package unpacked, bytes. */
  unpackedBytes: 250 * MIB,
  /** One file of a package unpacked, bytes. */
  unpackedFileBytes: 250 * MIB,
  packageFiles: 65_000,
  /** Body of a control-plane JSON request: a base64 package plus configuration. */
  controlBodyBytes: 70 * MIB,
  /** Published versions kept of one function. */
  versionsPerFunction: 1000,
  aliasesPerFunction: 100,
  secretsPerFunction: 32,
  /** All secrets of a function as JSON, bytes: beside the environment they fit into the header of INIT. */
  secretBytes: 32 * KIB,
  layersPerFunction: 5,
  tagsPerFunction: 50,
  /** Characters. */
  tagKeyLength: 128,
  tagValueLength: 256,
  environmentBytes: 4 * KIB,
  environmentKeys: 64,
  /** User log output kept per call, bytes; what is beyond is cut and counted. */
  logBytesPerCall: MIB,
  /** The log tail returned to a caller, bytes (before base64). */
  logTailBytes: 4 * KIB,
  /** Sizes that /tmp can have, MB; the first unless a function says otherwise. They are kinds of containers, hence few. */
  ephemeralStorageMb: [64, 128, 256, 512, 1024, 2048, 4096],
  /** Of a function's memory, MB: what must be left beside /tmp, whose files count toward it. */
  memoryBesideStorageMb: 64,
  memoryMbMin: 128,
  memoryMbMax: 10_240,
  timeoutSecondsMax: 900,
  podConcurrentQuotaMax: 1000,
  /** Linux: sun_path holds 108 bytes with its NUL. Node cuts longer paths silently. */
  unixSocketPathBytes: 107,
} as const;
