import type { ContainerView, FunctionConfiguration, InvocationRecord, TriggerView } from '@easyfaas/contracts/wire';

/** Answers of the API that have no type of their own in the contract; members as docs/…/openapi.json has them. */
export interface FunctionView {
  Configuration: FunctionConfiguration;
  Code: { Sha256: string };
  Concurrency: { ReservedConcurrentExecutions?: number };
}

export interface FunctionList {
  Functions: FunctionConfiguration[];
  NextMarker?: string;
}

export interface RuntimeView {
  Name: string;
  Title: string;
  HandlerExample: string;
  EntryFile: string;
  SourceContentTypes: string[];
}

export interface AttemptView {
  attempt: number;
  startedAt: string;
  endedAt: string;
  outcome: string;
  reason?: string;
  message?: string;
  containerId?: string;
  retryInMs?: number;
}

interface DeliveryView {
  destination: string;
  status: string;
  attempts: number;
  error?: string;
}

/** A record of a call, or an event in whatever state. */
export interface InvocationView extends Omit<Partial<InvocationRecord>, 'status'> {
  requestId: string;
  functionName: string;
  version: string;
  invokeType: 'RequestResponse' | 'Event';
  status: InvocationRecord['status'] | 'accepted' | 'running';
  startedAt: string;
  endedAt?: string;
  notBefore?: string;
  attempts?: AttemptView[];
  payload?: unknown;
  payloadBase64?: string;
  result?: unknown;
  resultBase64?: string;
  isResultTooLarge?: boolean;
  replayOf?: string;
  redrivenAs?: string;
  delivery?: DeliveryView;
  callback?: DeliveryView;
}

export interface InvocationList {
  invocations: InvocationView[];
  nextMarker?: string;
}

export interface DeadLetterList {
  deadLetters: InvocationView[];
  total: number;
  nextMarker?: string;
}

export interface TriggerList {
  Triggers: TriggerView[];
  NextMarker?: string;
}

export interface TriggerDeadLetter {
  DeadLetterId: string;
  At: string;
  MessageId: string;
  Reason: string;
  ContentType: string;
  Payload: string;
  IsBase64Encoded: boolean;
}

export interface ContainerStats {
  rssKb?: number;
  cpuMs?: number;
  memoryBytes?: number;
  memoryPeakBytes?: number;
}

export type PoolContainer = Omit<ContainerView, 'token' | 'socketDirectory'> & {
  phase?: string;
  inFlight?: number;
  concurrency?: number;
  stats?: ContainerStats;
};

export interface PoolKind {
  runtime: string;
  classMb: number;
  network: string;
  tmpMb?: number;
  min: number;
  cap: number;
  recommended: number;
  target: number;
  reason: string;
  cold: number;
  creating: number;
  demanded?: number;
  coldPerSecond?: number;
  startMs?: number;
  lastHour?: { calls?: number; coldStarts?: number };
  lastFailure?: { code: string; message: string };
}

export interface PoolFacts {
  max: number;
  counts: Record<string, number>;
  shelves: PoolKind[];
  recentEnds: { containerId: string; runtime: string; functionName?: string; reason: string; at: string }[];
  waiting: { accountId: string; functionName: string; calls: number }[];
}
