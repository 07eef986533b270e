/** Functions as the API shows them and as the store keeps them. */

import type { NetworkMode } from './messages';
import type { StoredProvisioned } from './provisioned';

/**
 * Pending: just made, its code is being unpacked. Active: it can be called. Failed: its code cannot be unpacked here; the reason
 * says what to do.
 */
export type FunctionState = 'Pending' | 'Active' | 'Failed';
/** Of the last change of code or configuration; while it is in progress calls run the new code as soon as it is there. */
export type LastUpdateStatus = 'InProgress' | 'Successful' | 'Failed';

/** Members spelled as in AWS Lambda and EasyFaaS (Go). */
export interface FunctionConfiguration {
  FunctionName: string;
  /** `brn:cloud:faas:<region>:<account>:function:<name>[:<version>]` */
  FunctionArn: string;
  /** Owner: the account's id. */
  Uid: string;
  Version: string;
  Description: string;
  Runtime: string;
  Handler: string;
  /** Seconds. */
  Timeout: number;
  /** MB. */
  MemorySize: number;
  Environment: { Variables: Record<string, string> };
  PodConcurrentQuota: number;
  NetworkMode: NetworkMode;
  /** Size of /tmp, MB; absent for the default. */
  EphemeralStorage?: { Size: number };
  /** Payloads of synchronous calls are kept for a while, for replays; absent: they are not. */
  KeepPayloads?: boolean;
  Tags: Record<string, string>;
  /** In the order in which they are laid over each other; absent without layers. */
  Layers?: { Arn: string; CodeSize: number }[];
  /** Base64 of the SHA-256 of the zip, as Lambda shows it. */
  CodeSha256: string;
  /** Bytes of the zip. */
  CodeSize: number;
  /** Hash over code and configuration. Containers are reused by it, so a re-upload is picked up at once. */
  CommitId: string;
  /** Changes with every update; for `If-Match`. */
  RevisionId: string;
  /** ISO 8601, UTC. */
  LastModified: string;
  State: FunctionState;
  /** For people. */
  StateReason?: string;
  /** `Creating`, or the code of the error catalogue that says why it failed. */
  StateReasonCode?: string;
  /** Absent of functions that were stored before there was one: then it was successful. */
  LastUpdateStatus?: LastUpdateStatus;
  LastUpdateStatusReason?: string;
  LastUpdateStatusReasonCode?: string;
}

export interface FunctionConcurrency {
  ReservedConcurrentExecutions?: number;
}

/** What the store keeps for one function version. */
export interface StoredFunction {
  accountId: string;
  configuration: FunctionConfiguration;
  concurrency: FunctionConcurrency;
  code: {
    /** Hex SHA-256 of the zip: its name in the package store and in the funclet's code cache. */
    sha256: string;
    sizeBytes: number;
    /** Of all files; absent of functions that were stored before there were layers. */
    unpackedBytes?: number;
  };
  /** Only in the function's own record, not in those of its versions: what is kept warm, by qualifier. */
  provisioned?: Record<string, StoredProvisioned>;
  /** In the order in which they are laid over each other: of two files of one path the later layer's is seen. */
  layers?: StoredLayerUse[];
  /** By the name of the variable that they become. With the function only, never with a version. */
  secrets?: Record<string, StoredSecret>;
  /** The commit without secrets; only where it differs from CommitId. */
  baseCommitId?: string;
  /** Only in the function's own record: what says that everybody may call its function URL, by the URL's qualifier. */
  urlPermissions?: Record<string, StoredUrlPermission[]>;
  /** Of a version that was published with words of its own: those of the function at that time. */
  publishedDescription?: string;
}

/** A statement of AWS Lambda's AddPermission that lets everybody in. */
export interface StoredUrlPermission {
  statementId: string;
  /** As it was given. */
  action: 'lambda:InvokeFunctionUrl' | 'lambda:InvokeFunction';
}

/** A layer version as a function refers to it: it goes on working when the layer version is deleted. */
export interface StoredLayerUse {
  arn: string;
  sha256: string;
  sizeBytes: number;
  unpackedBytes: number;
}

export interface StoredSecret {
  /** By the controller's secret box. */
  sealed: string;
  /** Of name and value as JSON. */
  bytes: number;
  /** ISO 8601, UTC. */
  lastModified: string;
}

/** All that is ever shown of a secret. */
export interface SecretView {
  Name: string;
  LastModified: string;
}

/** Body of `PUT /v1/functions/{id}/secrets/{name}`. */
export interface PutSecretRequest {
  Value: string;
}

/** Members of a create request's JSON body. */
export interface CreateFunctionRequest extends UpdateConfigurationRequest {
  Code: { ZipFile: string; Sha256?: string };
  Runtime: string;
  Handler: string;
  Publish?: boolean;
}

/** Members of a configuration update; absent ones stay as they are. */
export interface UpdateConfigurationRequest {
  Description?: string;
  Runtime?: string;
  Handler?: string;
  Timeout?: number;
  MemorySize?: number;
  Environment?: { Variables: Record<string, string> };
  PodConcurrentQuota?: number;
  ReservedConcurrentExecutions?: number;
  NetworkMode?: NetworkMode;
  /** MB, one of {@link LIMITS.ephemeralStorageMb}. */
  EphemeralStorage?: { Size: number };
  /** Keep payloads of synchronous calls, for replays. */
  KeepPayloads?: boolean;
  Tags?: Record<string, string>;
  /** Layer versions by ARN, or as `name:version` of the caller's account; all of them, `[]` takes them away. */
  Layers?: string[];
  RevisionId?: string;
}

/** Body of `PUT` (all there shall be) and `POST` (added to those there are) of `/v1/functions/{id}/tags`. */
export interface TagsRequest {
  Tags: Record<string, string>;
}

export interface UpdateCodeRequest {
  ZipFile: string;
  Sha256?: string;
  RevisionId?: string;
  /** Publishes a version of the new code at once. */
  Publish?: boolean;
}
