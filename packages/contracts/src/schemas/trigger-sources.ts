import Joi from 'joi';
import type { CronConfiguration, HttpConfiguration } from '../wire';
import { HTTP_METHODS } from '../wire';

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
  Base: Joi.string().valid('function', 'account'),
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
  RateLimit: rateLimitSchema,
});
