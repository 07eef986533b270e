import type { Failpoints } from '@easyfaas/service-kit';

/** Where the funclet can be made to die in a test; each lies between two steps that a crash can come between. */
export const FUNCLET_FAILPOINTS = [
  // Docker has made the container, no record knows its id.
  'init-created',
  'init-started',
  // The record says whose it is; memory and code are as before.
  'warm-up-recorded',
  'warm-up-mounted',
  // The limit is in force, the record has the old one.
  'resize-applied',
  'reset-recorded',
  'reset-removed',
  'reset-cleaned',
] as const;

export type FuncletFailpoint = (typeof FUNCLET_FAILPOINTS)[number];
export type FuncletFailpoints = Failpoints<FuncletFailpoint>;
