import type { ContainerState, ContainerTransition, ContainerView } from '@easyfaas/contracts/wire';
import { ServiceError, type Clock } from '@easyfaas/service-kit';
import { assertTransition } from './container-machine';
import type { ContainerRecord, RecordPatch } from './container-record';

/** Keeps a record beyond this process. MUST have written it, or thrown, when it returns. */
export interface RecordStore {
  save(record: ContainerRecord): void;
}

export interface RegistryListener {
  /** Every change; `previous` is absent for a new container. A listener MUST NOT throw. */
  onChange(view: ContainerView, previous: ContainerView | undefined, revision: number): void;
}

/** Facts of a new container that never change. */
export type ContainerBirth = Pick<
  ContainerView,
  'containerId' | 'runtime' | 'network' | 'memoryMb' | 'classMb' | 'tmpMb' | 'socketDirectory' | 'token'
>;

const HISTORY_MAX = 32;
/** Containers that are gone but still answered for: a repeated reset, and whoever asks what became of them. */
const GONE_MAX = 512;

/**
 * All containers of this funclet, and the only place where a state is set. Each change gets the next revision, is saved
 * before anybody hears of it, and is then told to all listeners in order.
 */
export class ContainerRegistry {
  readonly #clock: Clock;
  readonly #store: RecordStore;
  readonly #records = new Map<string, ContainerRecord>();
  readonly #gone = new Map<string, ContainerRecord>();
  readonly #listeners = new Set<RegistryListener>();
  #revision: number;

  /** @param firstRevision above every revision of an earlier process, so that they grow over restarts */
  constructor(clock: Clock, store: RecordStore, firstRevision: number) {
    this.#clock = clock;
    this.#store = store;
    this.#revision = firstRevision;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Containers that are not gone. */
  views(): ContainerView[] {
    return [...this.#records.values()].map((record) => record.view);
  }

  records(): ContainerRecord[] {
    return [...this.#records.values()];
  }

  /** Also finds what is gone but not forgotten. */
  find(containerId: string): ContainerRecord | undefined {
    return this.#records.get(containerId) ?? this.#gone.get(containerId);
  }

  /** @throws ServiceError CONTAINER_NOT_FOUND */
  get(containerId: string): ContainerRecord {
    const record = this.find(containerId);
    if (record === undefined) {
      throw new ServiceError('CONTAINER_NOT_FOUND', `There is no container ${containerId}; it was reset, or never made by this funclet.`);
    }
    return record;
  }

  /** Calls the listener on each change from now on. @returns a function that ends it */
  listen(listener: RegistryListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes in a new container in state `creating`. @throws ServiceError ILLEGAL_TRANSITION when the id is or was in use */
  create(birth: ContainerBirth, reason: string, operationId: string, mountMode: ContainerRecord['mountMode']): ContainerRecord {
    this.assertUnused(birth.containerId);
    const nowMs = this.#clock.wallMs();
    const view: ContainerView = {
      ...birth,
      revision: 0,
      state: 'creating',
      reason,
      createdAtMs: nowMs,
      stateSinceMs: nowMs,
      history: [{ from: null, to: 'creating', reason, atMs: nowMs }],
    };
    return this.#put({ view, operations: { init: operationId }, mountMode }, undefined);
  }

  /** @throws ServiceError ILLEGAL_TRANSITION when the id is or was in use */
  assertUnused(containerId: string): void {
    if (this.find(containerId) === undefined) return;
    throw new ServiceError('ILLEGAL_TRANSITION', `Container ${containerId} exists already or did; choose another id.`);
  }

  /** Takes in a container that an earlier process made. */
  adopt(record: ContainerRecord): ContainerRecord {
    this.#revision = Math.max(this.#revision, record.view.revision);
    return this.#put(record, undefined);
  }

  /** The one setter of states. @throws ServiceError ILLEGAL_TRANSITION, CONTAINER_NOT_FOUND */
  move(containerId: string, to: ContainerState, reason: string, patch: RecordPatch = {}): ContainerRecord {
    const record = this.get(containerId);
    const { view } = record;
    assertTransition(containerId, view.state, to);
    const nowMs = this.#clock.wallMs();
    const step: ContainerTransition = { from: view.state, to, reason, atMs: nowMs };
    const history = [...view.history, step].slice(-HISTORY_MAX);
    const next = patched(record, patch);
    return this.#put({ ...next, view: { ...next.view, state: to, reason, stateSinceMs: nowMs, history } }, view);
  }

  /** Changes facts without changing the state. */
  patch(containerId: string, patch: RecordPatch): ContainerRecord {
    const record = this.get(containerId);
    return this.#put(patched(record, patch), record.view);
  }

  #put(record: ContainerRecord, previous: ContainerView | undefined): ContainerRecord {
    const { containerId, state } = record.view;
    const numbered: ContainerRecord = { ...record, view: { ...record.view, revision: this.#revision + 1 } };
    if (state === 'gone') {
      this.#records.delete(containerId);
      this.#remember(numbered);
    } else {
      this.#store.save(numbered);
      this.#records.set(containerId, numbered);
    }
    this.#revision += 1;
    for (const listener of this.#listeners) listener.onChange(numbered.view, previous, this.#revision);
    return numbered;
  }

  #remember(record: ContainerRecord): void {
    this.#gone.set(record.view.containerId, record);
    const oldest = this.#gone.keys().next();
    if (this.#gone.size > GONE_MAX && oldest.done !== true) this.#gone.delete(oldest.value);
  }
}

function patched(record: ContainerRecord, patch: RecordPatch): ContainerRecord {
  const { memoryMb, assignment, dockerId, exit, codeName, layersName, pausedBy, done } = patch;
  return {
    ...record,
    view: {
      ...record.view,
      ...(memoryMb === undefined ? {} : { memoryMb }),
      ...(assignment === undefined ? {} : { assignment }),
      ...(dockerId === undefined ? {} : { dockerId }),
      ...(exit === undefined ? {} : { exit }),
    },
    operations: done === undefined ? record.operations : { ...record.operations, [done.verb]: done.operationId },
    ...(codeName === undefined ? {} : { codeName }),
    ...(layersName === undefined ? {} : { layersName }),
    ...(pausedBy === undefined ? {} : { pausedBy }),
  };
}
