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
  /**
   * `function` (default): behind the function's own name. `account`: the pattern stands directly behind `/http/{account}`. `url`: an AWS
   * function URL, behind the function's name, or `name:alias` when it is an alias's.
   */
  Base?: 'function' | 'account' | 'url';
  /** Who may call: bearers of an invoke key of the account (default), senders that sign with the secret, everybody. */
  Auth?: 'key' | 'hmac' | 'none';
  Cors?: CorsRules;
  /** Whether what a function streams leaves piece by piece (default), or whole when it has ended; as of AWS Lambda's function URLs. */
  InvokeMode?: 'RESPONSE_STREAM' | 'BUFFERED';
  /** Per pod. With `none` there is always one: 50 a second, 100 at once unless set. */
  RateLimit?: RateLimit;
}

export interface WebhookConfiguration {
  /** Whose way of signing: `github`, `stripe`, `slack`, or `generic` (`X-Easyfaas-Signature: t=<unix>,v1=<hex>`). */
  Scheme: 'generic' | 'github' | 'stripe' | 'slack';
  RateLimit?: RateLimit;
}

export interface CloudEventsConfiguration {
  Auth?: 'key' | 'hmac' | 'none';
  /** Senders that may register by the handshake (`WebHook-Request-Origin`), `*` for all. */
  AllowedOrigins?: string[];
  RateLimit?: RateLimit;
}

export const SOURCE_MESSAGE_FORMATS = ['json', 'text', 'binary', 'cloudevents'] as const;
export type SourceMessageFormat = (typeof SOURCE_MESSAGE_FORMATS)[number];

/** Batches of records as AWS Lambda has them of an SQS queue: with a `Batch` only. */
export interface SqsRecords {
  /** What the records say they come from. */
  EventSourceArn: string;
  /** Whether the function's `batchItemFailures` are looked at; false unless set. */
  ReportBatchItemFailures?: boolean;
}

export interface RedisStreamConfiguration {
  /** Name of the stream, in this instance's Redis `<prefix>:stream:<account>:<name>`. */
  Stream: string;
  /** Consumer group; made when it is not there. */
  Group?: string;
  /** Where a new group begins: at what is added from now on (default), or at the beginning. */
  StartingPosition?: 'latest' | 'earliest';
  /** The field that holds the message (`data`). */
  Field?: string;
  Format?: SourceMessageFormat;
  /** A message that a consumer had for so long without acknowledging it is taken over. */
  ClaimAfterSeconds?: number;
  SqsRecords?: SqsRecords;
}

export interface QueueConfiguration {
  /** Name of the BullMQ queue, under the prefix `<prefix>:queues:<account>`. */
  Queue: string;
  Format?: SourceMessageFormat;
  SqsRecords?: SqsRecords;
}

export interface MqttConfiguration {
  /** `mqtt://host[:port]` or `mqtts://…`. */
  Url: string;
  /** Topic filters, with + and #. */
  Topics: string[];
  Username?: string;
  Format?: SourceMessageFormat;
}
