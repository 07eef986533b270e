import type { ErrorCode } from '@easyfaas/contracts/wire';
import type { Method } from '../route-policy';
import type { HeaderName, ParameterName } from './parameters';

export interface Answer {
  status: number;
  /** Its schema's name; absent: no body, unless there is a type. The schema says what it is. */
  schema?: string;
  /** Of a body that is no JSON of one schema. */
  type?: string;
  /** What it is, where no schema says so. */
  says?: string;
  /** It may also be server-sent events, and these are their names. */
  events?: string;
  headers?: readonly HeaderName[];
}

/** What cannot be read off the route policy. */
export interface Operation {
  summary: string;
  query?: readonly ParameterName[];
  headers?: readonly HeaderName[];
  /** By media type: the name of a schema, or, of bytes as they are, what they are. */
  body?: Record<string, string>;
  /** May be left out. */
  isBodyOptional?: true;
  answers: readonly Answer[];
  /** Beside those that every route of its kind may answer. */
  errors?: readonly ErrorCode[];
}

/** `get /v1/functions` and so on: the route as the policy table has it. */
export type Operations = Readonly<Record<`${Method} /${string}`, Operation>>;

export const ok = (schema: string): Answer => ({ status: 200, schema });
