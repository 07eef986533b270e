import { type ContainerState } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';

/**
 * The life of a container. This table is the specification; docs/state-machines.md shows the same and a test compares.
 *
 *     creating -> cold -> warming -> warm <-> paused        every state but `gone` may go to
 *                                                           resetting -> gone
 *
 * A container that ran user code never becomes cold again: reset means destroy.
 */
export const TRANSITIONS: Readonly<Record<ContainerState, readonly ContainerState[]>> = {
  creating: ['cold', 'resetting'],
  cold: ['warming', 'resetting'],
  warming: ['warm', 'resetting'],
  warm: ['paused', 'resetting'],
  paused: ['warm', 'resetting'],
  resetting: ['gone'],
  gone: [],
};

export function mayMove(from: ContainerState, to: ContainerState): boolean {
  return TRANSITIONS[from].includes(to);
}

/** @throws ServiceError ILLEGAL_TRANSITION with both states and the states that would do */
export function assertTransition(containerId: string, from: ContainerState, to: ContainerState): void {
  if (mayMove(from, to)) return;
  const allowed = TRANSITIONS[from].join(', ') || 'nothing';
  throw new ServiceError(
    'ILLEGAL_TRANSITION',
    `Container ${containerId} is ${from} and cannot become ${to}; from there it can become ${allowed}.`,
    {
      details: { containerId, from, to },
    },
  );
}
