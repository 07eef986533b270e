import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a zip made by hand, for tests: any member may be a lie. */
export interface ZipPart {
  name: string | Uint8Array;
  content?: Uint8Array | string;
  /** Unix mode with its type bits; default a regular file, or a directory when the name ends in `/`. */
  mode?: number;
  /** Packed by deflate unless told otherwise. */
  isStored?: boolean;
  announcedBytes?: number;
  announcedCrc32?: number;
  announcedMethod?: number;
  flags?: number;
  /** Take the local header of the part with this index instead of writing one: overlapping entries. */
  sharesDataOf?: number;
}

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;

/** Builds a zip byte by byte, without a check of any kind. */
export function zipBytes(parts: readonly ZipPart[], announcedEntries = parts.length): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  const starts: number[] = [];
  let at = 0;
  for (const part of parts) {
    const name = Buffer.from(part.name);
    const content = Buffer.from(part.content ?? '');
    const packed = part.isStored === true ? content : deflateRawSync(content);
    const fields = fieldsOf(part, content, packed, name);
    const start = part.sharesDataOf === undefined ? at : (starts[part.sharesDataOf] ?? 0);
    starts.push(start);
    if (part.sharesDataOf === undefined) {
      const local = Buffer.alloc(LOCAL_BYTES);
      local.writeUInt32LE(0x04034b50, 0);
      local.writeUInt16LE(20, 4);
      fields.copy(local, 6);
      locals.push(local, name, packed);
      at += local.length + name.length + packed.length;
    }
    centrals.push(centralOf(part, fields, start), name);
  }
  const central = Buffer.concat(centrals);
  return Buffer.concat([...locals, central, endOf(announcedEntries, central.length, at)]);
}

/** Flag, method, time, date, CRC, both sizes and the two lengths: the part that both headers have in common. */
function fieldsOf(part: ZipPart, content: Buffer, packed: Buffer, name: Buffer): Buffer {
  const fields = Buffer.alloc(24);
  fields.writeUInt16LE(part.flags ?? 0x800, 0);
  fields.writeUInt16LE(part.announcedMethod ?? (part.isStored === true ? 0 : 8), 2);
  fields.writeUInt32LE(part.announcedCrc32 ?? crc32(content), 8);
  fields.writeUInt32LE(packed.length, 12);
  fields.writeUInt32LE(part.announcedBytes ?? content.length, 16);
  fields.writeUInt16LE(name.length, 20);
  return fields;
}

function centralOf(part: ZipPart, fields: Buffer, start: number): Buffer {
  const isDirectory = typeof part.name === 'string' && part.name.endsWith('/');
  const central = Buffer.alloc(CENTRAL_BYTES);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(0x031e, 4);
  central.writeUInt16LE(20, 6);
  fields.copy(central, 8);
  central.writeUInt32LE(((part.mode ?? (isDirectory ? 0o040755 : 0o100644)) << 16) >>> 0, 38);
  central.writeUInt32LE(start, 42);
  return central;
}

function endOf(entries: number, centralBytes: number, centralStart: number): Buffer {
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(centralBytes, 12);
  end.writeUInt32LE(centralStart, 16);
  return end;
}
