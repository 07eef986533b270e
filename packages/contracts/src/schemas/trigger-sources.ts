import Joi from 'joi';
import type {
  CloudEventsConfiguration,
  CronConfiguration,
  HttpConfiguration,
  MqttConfiguration,
  QueueConfiguration,
  RedisStreamConfiguration,
  SqsRecords,
  WebhookConfiguration,
} from '../wire';
import { HTTP_METHODS, SOURCE_MESSAGE_FORMATS } from '../wire';

export const cronConfigurationSchema = Joi.object<CronConfiguration, true>({
  Schedule: Joi.string().min(1).max(256).required(),
  TimeZone: Joi.string().min(1).max(64),
  MissedRuns: Joi.string().valid('latest', 'all', 'skip'),
  Overlap: Joi.string().valid('allow', 'skip'),
  JitterSeconds: Joi.number().integer().min(0).max(3600),
  // joi's strict typing has no word for `unknown`.
  Input: Joi.any() as never,
});

const headerName = Joi.string().pattern(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'the name of a header');
const headerNames = Joi.array().items(headerName).max(64);

export const rateLimitSchema = Joi.object({
  RequestsPerSecond: Joi.number().min(0.1).max(1_000_000).required(),
  Burst: Joi.number().integer().min(1).max(1_000_000).required(),
});

export const httpConfigurationSchema = Joi.object<HttpConfiguration, true>({
  Methods: Joi.array()
    .items(Joi.string().valid(...HTTP_METHODS))
    .min(1)
    .max(HTTP_METHODS.length)
    .unique(),
  Path: Joi.string().pattern(/^\/[\x21-\x7e]{0,255}$/, 'a path that starts with /'),
  Base: Joi.string().valid('function', 'account', 'url'),
  Auth: Joi.string().valid('key', 'hmac', 'none'),
  Cors: Joi.object({
    AllowOrigins: Joi.array()
      .items(Joi.string().pattern(/^(\*|https?:\/\/[^/\s*]{1,253})$/, 'an origin such as https://shop.example, or *'))
      .min(1)
      .max(64)
      .required(),
    AllowMethods: Joi.array()
      .items(Joi.string().valid('*', ...HTTP_METHODS))
      .max(8),
    AllowHeaders: headerNames,
    ExposeHeaders: headerNames,
    AllowCredentials: Joi.boolean(),
    MaxAgeSeconds: Joi.number().integer().min(0).max(86_400),
  }),
  InvokeMode: Joi.string().valid('RESPONSE_STREAM', 'BUFFERED'),
  RateLimit: rateLimitSchema,
});

export const webhookConfigurationSchema = Joi.object<WebhookConfiguration, true>({
  Scheme: Joi.string().valid('generic', 'github', 'stripe', 'slack').required(),
  RateLimit: rateLimitSchema,
});

export const cloudEventsConfigurationSchema = Joi.object<CloudEventsConfiguration, true>({
  Auth: Joi.string().valid('key', 'hmac', 'none'),
  AllowedOrigins: Joi.array()
    .items(Joi.string().pattern(/^[\x21-\x7e]{1,253}$/))
    .max(64),
  RateLimit: rateLimitSchema,
});

const format = Joi.string().valid(...SOURCE_MESSAGE_FORMATS);
const url = Joi.string().min(1).max(512);
const sqsRecords = Joi.object<SqsRecords, true>({
  EventSourceArn: Joi.string()
    .pattern(/^arn:[\x21-\x7e]{1,500}$/, 'an ARN')
    .required(),
  ReportBatchItemFailures: Joi.boolean(),
});
const username = Joi.string().min(1).max(256);

export const redisStreamConfigurationSchema = Joi.object<RedisStreamConfiguration, true>({
  Stream: Joi.string()
    .pattern(/^[\x21-\x7e]{1,256}$/)
    .required(),
  Group: Joi.string().pattern(/^[A-Za-z0-9_.-]{1,64}$/, 'a name: letters, digits, _ . and -'),
  StartingPosition: Joi.string().valid('latest', 'earliest'),
  Field: Joi.string().min(1).max(128),
  Format: format,
  ClaimAfterSeconds: Joi.number().integer().min(5).max(86_400),
  SqsRecords: sqsRecords,
});

export const queueConfigurationSchema = Joi.object<QueueConfiguration, true>({
  Queue: Joi.string()
    .pattern(/^[A-Za-z0-9_.-]{1,64}$/, 'a name: letters, digits, _ . and -')
    .required(),
  Format: format,
  SqsRecords: sqsRecords,
});

export const mqttConfigurationSchema = Joi.object<MqttConfiguration, true>({
  Url: url.required(),
  Topics: Joi.array().items(Joi.string().min(1).max(512)).min(1).max(32).unique().required(),
  Username: username,
  Format: format,
});
