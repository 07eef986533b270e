import { withDeadline } from '@easyfaas/service-kit';
import type { Mount } from '../mount-route';
import { readQuery } from '../query';

/** Something that the service needs in order to do its work. */
export interface ReadinessCheck {
  name: string;
  /** MUST reject, with words for an operator, while the dependency cannot be used. */
  check: () => Promise<void>;
}

/** What a metrics registry offers. */
export interface MetricsSource {
  contentType: string;
  metrics(): Promise<string>;
}

interface Deps {
  version: string;
  readiness: readonly ReadinessCheck[];
  metrics: MetricsSource;
}

const CHECK_MS = 2000;

/** Is it alive, is it ready, what is it, how is it doing. */
export function mountOperations(mount: Mount, { version, readiness, metrics }: Deps): void {
  mount('/healthz', {
    get: (_request, response) => {
      response.json({ status: 'alive' });
    },
  });

  mount('/readyz', {
    get: async (_request, response) => {
      const checks = await Promise.all(readiness.map(look));
      const isReady = checks.every(({ ok }) => ok);
      response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'not ready', checks });
    },
  });

  mount('/version', {
    get: (_request, response) => {
      response.json({ name: 'easyfaas', version, api: 'v1' });
    },
  });

  mount('/metrics', {
    get: async (request, response) => {
      readQuery(request, []);
      const text = await metrics.metrics();
      response.setHeader('Content-Type', metrics.contentType);
      response.end(text);
    },
  });
}

async function look({ name, check }: ReadinessCheck): Promise<{ name: string; ok: boolean; message?: string }> {
  try {
    await withDeadline(`The check of ${name}`, CHECK_MS, () => check());
    return { name, ok: true };
  } catch (error) {
    return { name, ok: false, message: error instanceof Error ? error.message : 'The check failed.' };
  }
}
