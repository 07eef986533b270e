/**
 * The contract of a function registry: any HTTP service that answers these two calls can take the place of the built-in functions
 * (EASYFAAS_REGISTRY_URL; docs/replacing-the-registry.md). Members are spelled as Baidu's EasyFaaS has them.
 *
 *     GET {base}/functions/{name}?Qualifier={$LATEST|number|alias}   200 RegistryFunction, 304, 404
 *     GET {base}/runtimes/{name}/configuration                      200 RegistryRuntime, 404
 */

export interface RegistryFunction {
  Code: {
    /** Of the zip: absolute, or relative to the answer's own URL. */
    Location: string;
    RepositoryType?: string;
  };
  Configuration: {
    FunctionName: string;
    FunctionArn: string;
    /** The account that the question was for. */
    Uid: string;
    /** `$LATEST` or a number; of an alias the version that it means. */
    Version: string;
    Runtime: string;
    Handler: string;
    /** MB. */
    MemorySize: number;
    /** Seconds; 3 when absent. */
    Timeout?: number;
    /** Changes whenever code or configuration do. */
    CommitId: string;
    /** SHA-256 of the zip: base64, or hex. */
    CodeSha256: string;
    Environment?: { Variables: Record<string, string> };
    PodConcurrentQuota?: number;
    NetworkMode?: 'none' | 'egress';
    /** MB of /tmp; 64 when absent. */
    EphemeralStorage?: { Size: number };
    Description?: string;
    LastModified?: string;
  };
  Concurrency?: { ReservedConcurrentExecutions?: number };
}

/** Asked for when a function's Runtime is none of the installed ones: `Name` is the installed one that stands for it. */
export interface RegistryRuntime {
  Name: string;
  /** The program, its path and arguments, as EasyFaaS gave them to its runner. Containers of ours start what their image has. */
  Bin?: string;
  Path?: string;
  Args?: string[];
}

/** Headers of every question, besides `Authorization` where a token is configured. */
export const REGISTRY_HEADERS = { requestId: 'X-Easyfaas-Request-Id', accountId: 'X-Easyfaas-Account-Id' } as const;
