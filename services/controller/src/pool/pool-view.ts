import type { Clock, Logger } from '@easyfaas/service-kit';
import type { ContainerView, WatchEvent } from '@easyfaas/contracts/wire';
import { type ColdCandidate, type ColdWish, chooseCold } from './choose';
import { type ContainerOwner, PoolContainer } from './container';

interface ColdContainer extends ColdCandidate {
  container: PoolContainer;
}

export interface PoolViewDeps {
  clock: Clock;
  logger: Logger;
  owner: ContainerOwner;
  /** The funclet is destroying a container, or has; it was not our wish, or it may have been. */
  onLost: (container: PoolContainer) => void;
  /** A container is gone: what it held is free. */
  onGone: () => void;
  /** Something changed that may ask for containers to be made or given back. */
  onChange: () => void;
}

/** The controller's view of the funclet's containers, fed by its stream of changes. */
export class PoolView {
  readonly #deps: PoolViewDeps;
  /** In order of their appearance. */
  readonly #containers = new Map<string, PoolContainer>();
  #hasSnapshot = false;

  constructor(deps: PoolViewDeps) {
    this.#deps = deps;
  }

  /** Whether the funclet's list has been seen; before that nothing may be concluded from a container's absence. */
  get hasSnapshot(): boolean {
    return this.#hasSnapshot;
  }

  get(containerId: string): PoolContainer | undefined {
    return this.#containers.get(containerId);
  }

  values(): Iterable<PoolContainer> {
    return this.#containers.values();
  }

  get size(): number {
    return this.#containers.size;
  }

  chooseCold(wish: ColdWish): PoolContainer | undefined {
    return chooseCold(this.#cold(), wish)?.container;
  }

  apply(event: WatchEvent): void {
    if (event.type === 'heartbeat') return;
    if (event.type === 'change') this.#see(event.container);
    else this.#replaceAll(event.containers);
    this.#deps.onChange();
  }

  /** A connection that was lost meanwhile may hide that a container is gone. */
  #replaceAll(views: readonly ContainerView[]): void {
    this.#hasSnapshot = true;
    const seen = new Set(views.map(({ containerId }) => containerId));
    for (const view of views) this.#see(view);
    for (const container of [...this.#containers.values()]) if (!seen.has(container.containerId)) this.#forget(container);
  }

  *#cold(): Generator<ColdContainer> {
    for (const container of this.#containers.values()) {
      const { runtime, network, classMb, tmpMb } = container.view;
      if (container.phase === 'cold') yield { runtime, network, classMb, ...(tmpMb === undefined ? {} : { tmpMb }), container };
    }
  }

  #see(view: ContainerView): void {
    const isEnding = view.state === 'resetting' || view.state === 'gone';
    const known = this.#containers.get(view.containerId);
    if (known === undefined) {
      if (!isEnding) this.#add(view);
      return;
    }
    known.update(view);
    if (isEnding) this.#deps.onLost(known);
    if (view.state === 'gone') this.#forget(known);
  }

  #add(view: ContainerView): void {
    const { owner, clock, logger } = this.#deps;
    const container = new PoolContainer(view, owner, clock);
    this.#containers.set(view.containerId, container);
    try {
      container.connection.listen();
    } catch (error) {
      logger.error('container socket cannot be listened on', { containerId: view.containerId, error });
      container.onListenError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #forget(container: PoolContainer): void {
    this.#deps.onLost(container);
    this.#containers.delete(container.containerId);
    this.#deps.onGone();
  }
}
