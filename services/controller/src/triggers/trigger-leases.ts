/** Who of the pods may run a trigger that only one may run. */
export interface TriggerLeases {
  /** Takes the lease, or keeps it. @returns false when another pod has it @throws ServiceError STORE_UNAVAILABLE */
  hold(triggerId: string, forMs: number): Promise<boolean>;
  /** No-op when this pod does not have it. */
  release(triggerId: string): Promise<void>;
}
