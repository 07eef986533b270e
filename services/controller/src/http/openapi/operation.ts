import type { ErrorCode } from '@easyfaas/contracts/wire';
import type { Method } from '../route-policy';
import type { SchemaName } from './schemas';

/** Parameters of queries, described once: {@link PARAMETERS}. */
export type ParameterName = keyof typeof PARAMETERS;

export interface Answer {
  status: number;
  /** Absent: no body, unless there is a type. */
  schema?: SchemaName;
  /** Of a body that is no JSON of one schema. */
  type?: string;
}

/** What cannot be read off the route policy. */
export interface Operation {
  summary: string;
  query?: readonly ParameterName[];
  /** By media type; `true` is bytes as they are. */
  body?: Record<string, SchemaName | true>;
  /** May be left out. */
  isBodyOptional?: true;
  answers: readonly Answer[];
  /** Beside those that every route of its kind may answer. */
  errors?: readonly ErrorCode[];
}

/** `get /v1/functions` and so on: the route as the policy table has it. */
export type Operations = Readonly<Record<`${Method} /${string}`, Operation>>;

const text = { type: 'string' };
const flag = { type: 'string', enum: ['true', 'false'] };
const page = { type: 'integer', minimum: 1, maximum: 100, default: 50 };
const time = { type: 'string', description: 'ISO 8601 with its zone, or milliseconds since the epoch' };

export const PARAMETERS = {
  Qualifier: { type: 'string', description: '$LATEST, the number of a version, or an alias' },
  marker: { type: 'string', description: 'where the page begins: the NextMarker (nextMarker) of the page before' },
  maxItems: page,
  limit: page,
  cascade: flag,
  Publish: flag,
  List: { type: 'string', enum: ['ALL'] },
  tag: { type: 'string', description: 'only those with this tag: key, or key=value' },
  keys: { type: 'string', description: 'keys of tags, with commas between' },
  Runtime: text,
  Handler: text,
  Timeout: { type: 'integer' },
  MemorySize: { type: 'integer' },
  PodConcurrentQuota: { type: 'integer' },
  NetworkMode: { type: 'string', enum: ['none', 'egress'] },
  EphemeralStorage: { type: 'integer', description: 'size of /tmp, MB' },
  Description: text,
  CompatibleRuntimes: { type: 'string', description: 'names of runtimes, with commas between' },
  since: time,
  until: time,
  tail: { type: 'integer', minimum: 0, maximum: 100, default: 10 },
  follow: flag,
  function: { type: 'string', description: 'the name of a function' },
  status: text,
  kind: { type: 'string', enum: ['event', 'delivery'] },
  condition: text,
  errorType: text,
  all: flag,
  force: flag,
  watch: { type: 'string', description: 'changes as server-sent events, when it is there' },
} as const satisfies Record<string, Record<string, unknown>>;
