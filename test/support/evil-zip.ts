import { deflateRawSync } from 'node:zlib';

/** One entry, every field of which may be a lie. */
export interface EvilEntry {
  name: string | Buffer;
  data?: Buffer | string;
  /** Already compressed bytes, instead of `data`; then `size` and `crc` should be given. */
  raw?: Buffer;
  /** 0 stored, 8 deflated (default: stored). */
  method?: 0 | 8;
  /** st_mode of the entry: file type and permissions; default a regular file 0644. */
  mode?: number;
  /** General purpose flags; bit 0 encrypted, bit 11 UTF-8 names. */
  flags?: number;
  /** Announced size, bytes; default the true one. */
  size?: number;
  /** Announced CRC-32; default the true one. */
  crc?: number;
  /** Reuse the local header of the entry with this index instead of writing one: overlapping entries. */
  overlaps?: number;
}

/** File types of st_mode, see inode(7). */
export const MODE = {
  regular: 0o100_644,
  symlink: 0o120_777,
  characterDevice: 0o020_666,
  blockDevice: 0o060_666,
  fifo: 0o010_644,
  socket: 0o140_755,
  setuid: 0o104_755,
} as const;

const UTF8_NAMES = 0x0800;
/** Made by Unix, version 2.0: the upper half of the external attributes is st_mode. */
const MADE_BY_UNIX = 0x0314;

/** Builds a zip byte by byte, also ones that no zip program would write. Layout: APPNOTE.TXT 4.3. */
export function evilZip(entries: readonly EvilEntry[]): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  const offsets: number[] = [];
  let at = 0;
  for (const entry of entries) {
    const name = Buffer.isBuffer(entry.name) ? entry.name : Buffer.from(entry.name);
    const data = Buffer.isBuffer(entry.data) ? entry.data : Buffer.from(entry.data ?? '');
    const method = entry.method ?? 0;
    const bytes = entry.raw ?? (method === 8 ? deflateRawSync(data) : data);
    const fixed = Buffer.alloc(26);
    fixed.writeUInt16LE(20, 0);
    fixed.writeUInt16LE(entry.flags ?? UTF8_NAMES, 2);
    fixed.writeUInt16LE(method, 4);
    fixed.writeUInt16LE(0x21, 8);
    fixed.writeUInt32LE(entry.crc ?? crc32Of(data), 10);
    fixed.writeUInt32LE(bytes.length, 14);
    fixed.writeUInt32LE(entry.size ?? data.length, 18);
    fixed.writeUInt16LE(name.length, 22);
    if (entry.overlaps === undefined) {
      const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fixed, name, bytes]);
      offsets.push(at);
      parts.push(local);
      at += local.length;
    } else {
      offsets.push(offsets[entry.overlaps] ?? 0);
    }
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((entry.mode ?? MODE.regular) << 16) >>> 0, 6);
    tail.writeUInt32LE(offsets.at(-1) ?? 0, 10);
    const madeBy = Buffer.alloc(2);
    madeBy.writeUInt16LE(MADE_BY_UNIX, 0);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), madeBy, fixed, tail, name]));
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(Math.min(entries.length, 0xffff), 8);
  end.writeUInt16LE(Math.min(entries.length, 0xffff), 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, ...(entries.length > 0xffff ? zip64End(entries.length, directory.length, at) : []), end]);
}

/** Zip64 end of central directory and its locator: more than 65 535 entries. */
function zip64End(count: number, directoryBytes: number, directoryAt: number): Buffer[] {
  const record = Buffer.alloc(56);
  record.write('PK\x06\x06', 0, 'latin1');
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(MADE_BY_UNIX, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(directoryBytes), 40);
  record.writeBigUInt64LE(BigInt(directoryAt), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 0, 'latin1');
  locator.writeBigUInt64LE(BigInt(directoryAt + directoryBytes), 8);
  locator.writeUInt32LE(1, 16);
  return [record, locator];
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc32Of(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** An honest package of regular files. */
export function packageOf(files: Record<string, string | Buffer>): Buffer {
  return evilZip(Object.entries(files).map(([name, data]) => ({ name, data, method: 8 as const })));
}
