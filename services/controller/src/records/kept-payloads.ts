import type { CallRequest } from '../invoke/call';

/** What it takes to run a synchronous call once more. */
export interface KeptPayload {
  functionName: string;
  /** The version that ran. */
  version: string;
  contentType: string | undefined;
  clientContext: string | undefined;
  payload: Buffer;
}

/** Payloads of synchronous calls, of functions whose owner wants that (`KeepPayloads`). */
export interface KeptPayloads {
  /** Takes a copy; MUST NOT wait. What is over a limit is not kept. */
  add(request: CallRequest): void;
  /** @throws ServiceError STORE_UNAVAILABLE */
  find(accountId: string, requestId: string): Promise<KeptPayload | undefined>;
  /** All of a function that is gone. @throws ServiceError STORE_UNAVAILABLE */
  forget(accountId: string, functionName: string): Promise<void>;
}
