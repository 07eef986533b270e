import type { Failpoints } from '@easyfaas/service-kit';

/** Where the controller can be made to die in a test; each lies between two steps that a crash can come between. */
export const EVENT_FAILPOINTS = [
  // Redis has the event, its client has no answer.
  'event-accepted',
  // The function has ended, nothing is written about it.
  'event-ran',
  // The end is written, nobody has looked at the outbox.
  'event-settled',
] as const;

export type EventFailpoint = (typeof EVENT_FAILPOINTS)[number];
export type EventFailpoints = Failpoints<EventFailpoint>;
