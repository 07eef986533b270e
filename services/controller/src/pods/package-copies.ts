import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type Logger, ServiceError, SingleFlight } from '@easyfaas/service-kit';
import type { PodClaims, PodLease } from '@easyfaas/contracts/wire';
import type { DiskPackageStore } from '../functions/disk-package-store';
import type { CheckedPackage, PackageStore, Upload } from '../functions/package-store';
import { EMPTY_SHA256 } from './pod-claims';
import type { PodClient } from './pod-client';
import type { PodMembership } from './pod-membership';
import type { RedisPackageHolders } from './redis-package-holders';

export interface PackageCopiesOptions {
  podId: string;
  disk: Pick<DiskPackageStore, 'put' | 'open' | 'has'>;
  client: Pick<PodClient, 'send'>;
  membership: Pick<PodMembership, 'others' | 'candidates'>;
  holders: Pick<RedisPackageHolders, 'add' | 'remove' | 'of'>;
  /** All pods see one directory: what one has stored the others have. */
  isShared: boolean;
  logger: Logger;
}

/** For a package of 50 MB over a line of 100 Mbit/s, and its check. */
const FETCH_MS = 20_000;
/** An upload waits so long for its copy; then it is answered all the same. */
const COPY_MS = 10_000;

/** The package store of several pods: each has packages on its disk, gives them to others, and fetches what it lacks. */
export class PackageCopies implements PackageStore {
  readonly #options: PackageCopiesOptions;
  readonly #fetches = new SingleFlight<void>();

  constructor(options: PackageCopiesOptions) {
    this.#options = options;
  }

  /** Stores an upload here and on one other pod, so that the loss of one disk loses no function. */
  async put(upload: Upload): Promise<CheckedPackage> {
    const stored = await this.#options.disk.put(upload);
    await this.announce([stored.sha256]);
    // Also what the other one has: nobody can tell from the time whether it was there, and its copy counts as new.
    await this.copy(stored.sha256);
    return stored;
  }

  /**
   * Sees to it that a package is on this pod's disk.
   * @throws ServiceError PACKAGE_MISSING when no pod that answers has it
   */
  async ensure(sha256: string): Promise<void> {
    if (await this.#options.disk.has(sha256)) return;
    await this.#fetches.run(sha256, () => this.#fetch(sha256));
  }

  /** Has a package copied to another pod, if there is one. A failure is logged: the pod's own copy is good. */
  async copy(sha256: string): Promise<void> {
    const { isShared, client, logger } = this.#options;
    if (isShared) return;
    const targets = await this.#targets(sha256);
    for (const pod of targets) {
      try {
        const wish = { method: 'POST' as const, path: pathOf(sha256), deadlineMs: COPY_MS };
        const answer = await client.send(pod, wish, AbortSignal.timeout(COPY_MS));
        answer.resume();
        return;
      } catch (error) {
        logger.warn('package could not be copied to another pod', { sha256, pod: pod.podId, error });
      }
    }
  }

  /** Says in Redis that packages are here. */
  async announce(sha256s: readonly string[]): Promise<void> {
    const { holders, podId, logger } = this.#options;
    try {
      await holders.add(podId, sha256s);
    } catch (error) {
      // Said again with the next look at the directory; until then the pod is asked like all others.
      logger.warn('packages could not be announced', { count: sha256s.length, error });
    }
  }

  /** It is not here any more. */
  async forget(sha256: string): Promise<void> {
    const { holders, podId, logger } = this.#options;
    await holders.remove(podId, sha256).catch((error: unknown) => logger.warn('package could not be unannounced', { sha256, error }));
  }

  /** Of these packages, those that no other pod which lives is known to have get a copy there. */
  async heal(sha256s: readonly string[]): Promise<void> {
    const { podId, isShared, holders, membership } = this.#options;
    await this.announce(sha256s);
    if (isShared || membership.others.length === 0) return;
    const alive = new Set(membership.others.map((pod) => pod.podId));
    for (const sha256 of sha256s) {
      const others = (await holders.of(sha256)).filter((holder) => holder !== podId && alive.has(holder));
      if (others.length === 0) await this.copy(sha256);
    }
  }

  /** `GET /internal/packages/{sha256}`: gives it to another pod. */
  async serve(_request: IncomingMessage, response: ServerResponse, claims: PodClaims, sha256: string): Promise<void> {
    assertNoBody(claims);
    const found = await this.#options.disk.open(sha256);
    if (found === undefined) throw new ServiceError('PACKAGE_MISSING', 'The package is not on this pod.');
    response.writeHead(200, { 'Content-Type': 'application/zip', 'Content-Length': found.sizeBytes });
    await pipeline(found.bytes, response).catch((error: unknown) => {
      // The other pod sees a body that ends early, and asks somebody else.
      this.#options.logger.warn('package was not given completely', { sha256, pod: claims.from, error });
    });
  }

  /** `POST /internal/packages/{sha256}`: fetches it from the pod that asks. */
  async accept(_request: IncomingMessage, response: ServerResponse, claims: PodClaims, sha256: string): Promise<void> {
    assertNoBody(claims);
    const from = this.#options.membership.others.find(({ podId }) => podId === claims.from);
    if (from === undefined) throw new ServiceError('NOT_READY', 'The pod that asks is not known here yet.');
    await this.#fetchFrom(from, sha256);
    response.writeHead(204).end();
  }

  async #fetch(sha256: string): Promise<void> {
    const { holders, membership, logger } = this.#options;
    const named = await holders.of(sha256).catch((error: unknown): string[] => {
      logger.warn('holders of a package are not known', { sha256, error });
      return [];
    });
    const alive = membership.candidates().map(({ lease }) => lease);
    const isNamed = ({ podId }: PodLease): boolean => named.includes(podId);
    for (const pod of [...alive.filter(isNamed), ...alive.filter((each) => !isNamed(each))]) {
      try {
        return await this.#fetchFrom(pod, sha256);
      } catch (error) {
        const isAbsent = error instanceof ServiceError && error.code === 'PACKAGE_MISSING';
        if (isNamed(pod) || !isAbsent) logger.warn('package could not be fetched', { sha256, pod: pod.podId, error });
      }
    }
    const gone = named.filter((podId) => podId !== this.#options.podId && !alive.some((pod) => pod.podId === podId));
    const where = gone.length === 0 ? 'no pod that answers has it' : `it was last on ${gone.join(', ')}, which does not answer`;
    throw new ServiceError(
      'PACKAGE_MISSING',
      `Package ${sha256} is not on this pod, and ${where}; start that pod, or upload the function's code again.`,
    );
  }

  /** The disk's own `put`: size, hash and content are checked before anybody sees it. */
  async #fetchFrom(pod: PodLease, sha256: string): Promise<void> {
    const { client, disk, logger } = this.#options;
    const signal = AbortSignal.timeout(FETCH_MS);
    const answer = await client.send(pod, { method: 'GET', path: pathOf(sha256), deadlineMs: FETCH_MS }, signal);
    const { sizeBytes } = await disk.put({ bytes: answer, sha256 });
    logger.info('package fetched', { sha256, pod: pod.podId, sizeBytes });
    await this.announce([sha256]);
  }

  /** Those that do not have it first; then any. */
  async #targets(sha256: string): Promise<PodLease[]> {
    const able = this.#options.membership
      .candidates()
      .map(({ lease }) => lease)
      .filter(({ isDraining }) => !isDraining);
    if (able.length < 2) return able;
    // By the package's own hash, so that packages spread evenly and a package has the same second home every time.
    const start = parseInt(sha256.slice(0, 8), 16) % able.length;
    const sorted = [...able].sort((a, b) => (a.podId < b.podId ? -1 : 1));
    return [...sorted.slice(start), ...sorted.slice(0, start)];
  }
}

const pathOf = (sha256: string): string => `/internal/packages/${sha256}`;

function assertNoBody({ bodySha256 }: PodClaims): void {
  if (bodySha256 !== EMPTY_SHA256) throw new ServiceError('BAD_REQUEST', 'This request has no body.');
}
