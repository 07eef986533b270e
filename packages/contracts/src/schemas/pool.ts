import Joi from 'joi';
import type { PoolResizeRequest } from '../wire';
import { LIMITS } from '../wire';

/** The least that a container can live in; a function's `MemorySize` starts higher. */
const MEMORY_MB_MIN = 16;

export const poolResizeRequestSchema = Joi.object<PoolResizeRequest, true>({
  memoryMb: Joi.number().integer().min(MEMORY_MB_MIN).max(LIMITS.memoryMbMax).required(),
});
