import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** Fixed, so that the same source gives the same zip and the same SHA-256. The zip format begins in 1980. */
const FIXED_TIME = new Date(1980, 0, 1);

export interface FileToZip {
  /** Path inside the package, such as `lib/tool.js`. */
  name: string;
  content: Uint8Array | string;
  isExecutable?: boolean;
}

/** Makes a zip. The same names and contents give the same bytes on every machine, in whichever order they come. */
export async function zipFiles(files: readonly FileToZip[]): Promise<Buffer> {
  const zip = new ZipFile();
  const inOrder = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, content, isExecutable } of inOrder) {
    const mode = isExecutable === true ? 0o100755 : 0o100644;
    zip.addBuffer(Buffer.from(content), name, { mtime: FIXED_TIME, mode, compress: true, forceDosTimestamp: true });
  }
  zip.end();
  return buffer(Readable.from(zip.outputStream));
}

/** A zip of one file. */
export function zipSingleFile(name: string, content: Uint8Array | string, isExecutable = false): Promise<Buffer> {
  return zipFiles([{ name, content, isExecutable }]);
}
