/**
 * Names in Redis, all under one prefix so that an instance can be found, moved and deleted as a whole:
 *   <prefix>:function:<account>:<name>            hash {doc: StoredFunction as JSON, revision: its RevisionId,
 *                                                 lastVersion: number of the version published last}
 *   <prefix>:functions:<account>                  sorted set of names, all scores 0: ordered by name
 *   <prefix>:function-versions:<account>:<name>   hash number -> StoredFunction as JSON
 *   <prefix>:function-aliases:<account>:<name>    hash name -> AliasConfiguration as JSON
 *   <prefix>:layer:<account>:<name>               hash number -> StoredLayerVersion as JSON, and lastVersion
 *   <prefix>:layers:<account>                     sorted set of names of layers that have versions
 *   <prefix>:function-changes                     channel; {origin, change: FunctionChange}
 *   <prefix>:qualifier-changes                    channel; {origin, change: QualifierChange}
 */
export class FunctionKeys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  function(accountId: string, functionName: string): string {
    return `${this.#prefix}:function:${accountId}:${functionName}`;
  }

  index(accountId: string): string {
    return `${this.#prefix}:functions:${accountId}`;
  }

  versions(accountId: string, functionName: string): string {
    return `${this.#prefix}:function-versions:${accountId}:${functionName}`;
  }

  aliases(accountId: string, functionName: string): string {
    return `${this.#prefix}:function-aliases:${accountId}:${functionName}`;
  }

  layer(accountId: string, layerName: string): string {
    return `${this.#prefix}:layer:${accountId}:${layerName}`;
  }

  layerIndex(accountId: string): string {
    return `${this.#prefix}:layers:${accountId}`;
  }

  get layerPattern(): string {
    return `${this.#prefix}:layer:*`;
  }

  get functionPattern(): string {
    return `${this.#prefix}:function:*`;
  }

  get versionsPattern(): string {
    return `${this.#prefix}:function-versions:*`;
  }

  get functionChannel(): string {
    return `${this.#prefix}:function-changes`;
  }

  get qualifierChannel(): string {
    return `${this.#prefix}:qualifier-changes`;
  }
}
