import { LIMITS, type RuntimeManifest } from '@easyfaas/contracts/wire';
import type { Mount } from '../mount-route';
import { readQuery } from '../query';

/** `/v1/runtimes`: the languages of this installation and how to write a handler for each. */
export function mountRuntimes(mount: Mount, { runtimes }: { runtimes: ReadonlyMap<string, RuntimeManifest> }): void {
  mount('/v1/runtimes', {
    get: (request, response) => {
      readQuery(request, []);
      const list = [...runtimes.values()].map(
        ({
          name,
          title,
          handlerExample,
          handlerPattern,
          entryFile,
          sourceContentTypes,
          concurrencyMax = LIMITS.podConcurrentQuotaMax,
        }) => ({
          Name: name,
          Title: title,
          HandlerExample: handlerExample,
          HandlerPattern: handlerPattern,
          EntryFile: entryFile,
          SourceContentTypes: sourceContentTypes,
          PodConcurrentQuotaMax: concurrencyMax,
        }),
      );
      response.json({ Runtimes: list });
    },
  });
}
