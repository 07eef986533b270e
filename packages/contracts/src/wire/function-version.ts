/** Published versions of functions and the aliases that point to them. Members spelled as in AWS Lambda. */

/** Body of `POST /v1/functions/{id}/versions`. */
export interface PublishVersionRequest {
  /** Base64, as the configuration shows it: publishes only that code. */
  CodeSha256?: string;
  /** Of `$LATEST`: publishes only that revision. */
  RevisionId?: string;
  /** Of the version; the function's own when absent. */
  Description?: string;
}

export interface AliasRoutingConfig {
  /** One further version and its share of the calls, 0 to 1; the alias's own version gets the rest. */
  AdditionalVersionWeights: Record<string, number>;
}

/** As the API shows it and as the store keeps it. */
export interface AliasConfiguration {
  /** `brn:cloud:faas:<region>:<account>:function:<name>:<alias>` */
  AliasArn: string;
  Name: string;
  FunctionVersion: string;
  Description: string;
  RoutingConfig?: AliasRoutingConfig;
  /** Changes with every update; for `If-Match`. */
  RevisionId: string;
}

/** Body of `POST /v1/functions/{id}/aliases`. */
export interface CreateAliasRequest {
  Name: string;
  FunctionVersion: string;
  Description?: string;
  RoutingConfig?: Partial<AliasRoutingConfig>;
}

/** Body of `PUT /v1/functions/{id}/aliases/{alias}`; absent members stay as they are. */
export interface UpdateAliasRequest {
  FunctionVersion?: string;
  Description?: string;
  /** Replaces all of it: `{}` takes the second version away. */
  RoutingConfig?: Partial<AliasRoutingConfig>;
  RevisionId?: string;
}
