import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'minor' }) => void;

let collect: Collect | undefined;

/**
 * Frees young garbage at once, some 1 ms. Payloads lie outside of V8's heap, which fills too slowly for it to look; when 64 MB of them
 * have piled up it collects the whole heap instead. The runner does the same for output.
 */
export function collectYoungGarbage(): void {
  if (collect === undefined) {
    // As a flag on the command line it would cost every start some 20 ms.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
  }
  collect({ type: 'minor' });
}
