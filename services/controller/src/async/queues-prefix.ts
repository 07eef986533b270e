/** BullMQ's prefix of the queues that an account's programs add to and its triggers take from. */
export const queuesPrefix = (prefix: string, accountId: string): string => `${prefix}:queues:${accountId}`;
