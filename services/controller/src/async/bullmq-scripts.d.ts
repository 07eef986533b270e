/** BullMQ's Lua scripts, as its own backend loads them. The numbers in the names of the files are those of their keys. */
declare module 'bullmq/dist/cjs/scripts/*' {
  interface BullmqScript {
    content: string;
  }
  export const addStandardJob: BullmqScript;
  export const addDelayedJob: BullmqScript;
  export const moveToActive: BullmqScript;
  export const moveToFinished: BullmqScript;
}
