import type { ContainerView } from '@easyfaas/contracts/wire';

/** Verbs whose repetition must have no second effect. */
export type Verb = 'init' | 'attached' | 'warm-up' | 'loaded' | 'resize' | 'pause' | 'resume' | 'reset';

/** What the funclet knows of a container. Immutable: a change makes a new one. */
export interface ContainerRecord {
  view: ContainerView;
  /** The operation that each verb was last done for. */
  operations: Readonly<Partial<Record<Verb, string>>>;
  /** How code gets into it; fixed when Docker makes it. */
  mountMode: 'bind' | 'hardlink';
  /** Directory below `code/` that is mounted, or about to be, at its task directory. */
  codeName?: string;
  /** Directory below `code/` that is mounted, or about to be, for its layers. */
  layersName?: string;
  /** Who froze it last, and has to thaw it. */
  pausedBy?: 'cgroup' | 'engine';
}

/** What a change may set. State, reason, revision, times and history are the registry's own. */
export interface RecordPatch {
  memoryMb?: number;
  assignment?: ContainerView['assignment'];
  dockerId?: string;
  exit?: ContainerView['exit'];
  codeName?: string;
  layersName?: string;
  pausedBy?: ContainerRecord['pausedBy'];
  /** The verb and operation that this change is the effect of. */
  done?: { verb: Verb; operationId: string };
}
