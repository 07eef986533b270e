import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** Fixed, so that the same source gives the same zip and the same SHA-256. The zip format begins in 1980. */
const FIXED_TIME = new Date(1980, 0, 1);

/**
 * Makes a zip of one file. The same name and content give the same bytes on every machine.
 * @param name path inside the package, such as `index.js`
 */
export async function zipSingleFile(name: string, content: Uint8Array | string): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(content), name, { mtime: FIXED_TIME, mode: 0o100644, compress: true, forceDosTimestamp: true });
  zip.end();
  return buffer(Readable.from(zip.outputStream));
}
