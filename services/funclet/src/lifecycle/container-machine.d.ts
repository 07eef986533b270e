import { type ContainerState } from '@easyfaas/contracts/wire';
/**
 * The life of a container. This table is the specification; docs/state-machines.md shows the same and a test compares.
 *
 *     creating -> cold -> warming -> warm <-> paused        every state but `gone` may go to
 *                                                           resetting -> gone
 *
 * A container that ran user code never becomes cold again: reset means destroy.
 */
export declare const TRANSITIONS: Readonly<Record<ContainerState, readonly ContainerState[]>>;
export declare function mayMove(from: ContainerState, to: ContainerState): boolean;
/** @throws ServiceError ILLEGAL_TRANSITION with both states and the states that would do */
export declare function assertTransition(containerId: string, from: ContainerState, to: ContainerState): void;
