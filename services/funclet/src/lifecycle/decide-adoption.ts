import type { EngineContainer } from '../engine/container-engine';
import type { ContainerRecord } from './container-record';

export type AdoptionDecision = { adopt: true } | { adopt: false; reason: string };

export interface AdoptionFacts {
  /** What `state.json` says; absent when there is none or it cannot be read. */
  record: ContainerRecord | undefined;
  container: EngineContainer;
  mountMode: 'bind' | 'hardlink';
  /** Something is mounted at its task directory, or linked into it. */
  hasCode: boolean;
  /** Image that the container's runtime has now; absent when it is not on this host. */
  currentImageId: string | undefined;
}

/** Whether a container found at start can go on. Whoever may have run user code must still have exactly that code. */
export function decideAdoption({ record, container, mountMode, hasCode, currentImageId }: AdoptionFacts): AdoptionDecision {
  const no = (reason: string): AdoptionDecision => ({ adopt: false, reason });
  if (record === undefined) return no('it has no record');
  const { state, dockerId } = record.view;
  if (dockerId !== undefined && dockerId !== container.dockerId) return no('its record belongs to another container');
  if (container.status === 'created' || container.status === 'ended') return no(`it is ${container.status}, not running`);
  if (record.mountMode !== mountMode) return no(`it was made for the mount mode ${record.mountMode}`);
  switch (state) {
    case 'creating':
    case 'cold':
      // Warm ones go on serving until they are reset; what serves nobody yet follows an upgrade at once.
      if (currentImageId !== undefined && container.imageId !== currentImageId) return no('its runtime has a newer image');
      return hasCode ? no(`it is ${state} but has code`) : { adopt: true };
    case 'warming':
    case 'warm':
    case 'paused':
      return hasCode ? { adopt: true } : no(`it is ${state} but its code is not mounted`);
    case 'resetting':
    case 'gone':
      return no('its reset was not finished');
  }
}
