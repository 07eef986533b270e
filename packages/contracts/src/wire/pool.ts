/** Body of `PATCH /v1/pool/{containerId}`. */
export interface PoolResizeRequest {
  memoryMb: number;
}
