import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The Go compiler; scripts/test.mjs installs Debian's. */
export const go = process.env['EASYFAAS_TEST_GO'];

/**
 * Compiles a Go program. With the flags of the standard library's own compiled form, so that only the program is compiled.
 * @param folder with its go.mod
 */
export function goProgram(folder: string): Buffer {
  if (go === undefined) throw new Error('there is no Go compiler: EASYFAAS_TEST_GO is not set');
  const place = mkdtempSync(join(tmpdir(), 'easyfaas-go-'));
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: place, GOCACHE: join(place, 'cache'), GOFLAGS: '-mod=mod', GOPROXY: 'off' };
    execFileSync(go, ['build', '-ldflags', '-s -w', '-o', join(place, 'program'), '.'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return readFileSync(join(place, 'program'));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
