/** `Configuration` of each trigger source. */

export interface CronConfiguration {
  /** `cron(…)` or five fields, `rate(5 minutes)`, `at(2030-01-31T12:00:00)`. */
  Schedule: string;
  /** IANA name; UTC when absent. */
  TimeZone?: string;
  /** Runs that were due while nothing was there to start them: the `latest` (default), `all`, or none (`skip`). */
  MissedRuns?: 'latest' | 'all' | 'skip';
  /** Whether a run may begin while the one before is still waiting or running: `allow` (default) or `skip`. */
  Overlap?: 'allow' | 'skip';
  /** A run begins up to so much later, spread evenly. */
  JitterSeconds?: number;
  /** The event, instead of the scheduler's own. */
  Input?: unknown;
}

export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

export interface CorsRules {
  /** Whole origins, or `*`. */
  AllowOrigins: string[];
  /** `*` for all. */
  AllowMethods?: string[];
  AllowHeaders?: string[];
  ExposeHeaders?: string[];
  AllowCredentials?: boolean;
  MaxAgeSeconds?: number;
}

export interface RateLimit {
  RequestsPerSecond: number;
  /** How many may come at once. */
  Burst: number;
}

export interface HttpConfiguration {
  /** All when absent. */
  Methods?: HttpMethod[];
  /** Pattern of the path behind `/http/{account}/{function}`, such as `/orders/:id` or `/files/*path`; all paths when absent. */
  Path?: string;
  /** `function` (default): behind the function's own name. `account`: the pattern stands directly behind `/http/{account}`. */
  Base?: 'function' | 'account';
  /** Who may call: bearers of an invoke key of the account (default), senders that sign with the secret, everybody. */
  Auth?: 'key' | 'hmac' | 'none';
  Cors?: CorsRules;
  /** Per pod. With `none` there is always one: 50 a second, 100 at once unless set. */
  RateLimit?: RateLimit;
}
