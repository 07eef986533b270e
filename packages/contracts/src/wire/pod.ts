import type { HttpHead } from './messages';

/**
 * What pods that share a Redis tell each other: leases in Redis, and calls and packages over the pods' own listeners
 * (docs/adr/0011-several-pods.md).
 *
 *     POST   /internal/calls               a call that its pod has no room for -> PodCallFacts in a header, the answer as the body;
 *                                        of an answer in pieces, PodCallFacts in a header and, when it has ended, in a trailer
 *     GET    /internal/packages/{sha256}   a package's zip
 *     POST   /internal/packages/{sha256}   fetch that package from the pod that asks -> 204 when it is stored
 *
 * Every request carries {@link POD_AUTH_HEADER}: `v1.<base64url of PodClaims as JSON>.<HMAC-SHA-256, hex>` over method, path and
 * claims, with the key that the pods share.
 */

export const POD_AUTH_HEADER = 'X-Easyfaas-Pod-Auth';
/** In the answer to a call, and behind one in pieces: {@link PodCallFacts} as base64url of JSON. */
export const POD_FACTS_HEADER = 'X-Easyfaas-Pod-Facts';

/** What a pod has left for calls of others. */
export interface PodCapacity {
  /** In any state. */
  containers: number;
  containersMax: number;
  /** Cold containers by runtime. */
  cold: Record<string, number>;
  /** Of the budget for containers; undefined while the funclet does not answer. */
  memoryFreeMb?: number;
  /** Free places in warm containers. */
  freeSlots: number;
  /** Calls that wait for a container. */
  waiting: number;
}

/** A pod's entry in Redis. It is worth something for some seconds, then it has to be written again. */
export interface PodLease {
  podId: string;
  /** Of this start of its controller. */
  bootId: string;
  /** Where others reach its internal listener, such as `http://10.0.0.5:8090`. */
  address: string;
  version: string;
  /** Milliseconds since the epoch, by the pod's clock; for display. */
  startedAtMs: number;
  /** It takes no more work. */
  isDraining: boolean;
  capacity: PodCapacity;
}

/** Signed with each request between pods. */
export interface PodClaims {
  from: string;
  to: string;
  /** The receiver's {@link PodLease.bootId}: a signature is worth nothing to another pod, or after a restart. */
  toBoot: string;
  /** Milliseconds since the epoch, by Redis's clock. */
  atMs: number;
  nonce: string;
  /** Hex. */
  bodySha256: string;
  bodyBytes: number;
  /** Only with a call. */
  call?: PodCall;
}

/** A call on its way to another pod; its payload is the body. */
export interface PodCall {
  requestId: string;
  /** Who called, as the first pod found out. */
  principal: { accountId: string; keyId?: string };
  functionName: string;
  version: string;
  contentType?: string;
  clientContext?: string;
  traceparent?: string;
  tracestate?: string;
  /** The first pod has counted it towards the limits of account and function; the second one must not again. */
  isAdmitted: boolean;
  /** The answer may come in pieces. One that does not know this answers whole. */
  takesPieces?: true;
}

/** How a call went on the other pod. */
export interface PodCallFacts {
  outcome: 'result' | 'function-error';
  /** Of a function's error. */
  errorType?: string;
  containerId?: string;
  start?: 'warm' | 'cold';
  coldReason?: string;
  warmUpMs?: number;
  initMs?: number;
  invokeMs: number;
  cpuMs?: number;
  maxRssKb?: number;
  /** What the function wrote, its end: base64. */
  log?: string;
  /** What the function says of its answer to a web client. */
  http?: HttpHead;
  /** The body comes as the function sends it; how it ended is in a trailer. Without one it broke off. */
  isStreamed?: true;
  /** Only behind an answer in pieces that failed: the error object, base64. */
  error?: string;
}
