import type { CorsRules, HttpConfiguration, HttpMethod } from '@easyfaas/contracts/wire';
import { LambdaError } from './lambda-error';
import { validation } from './lambda-name';

/** Of a function URL, in our words: only what was said. */
export type UrlSettings = Partial<Pick<HttpConfiguration, 'Auth' | 'InvokeMode'>> & { Cors?: CorsRules | undefined };

const AUTH_TYPES = ['NONE', 'AWS_IAM'];
const MODES = ['BUFFERED', 'RESPONSE_STREAM'] as const;
const MEMBERS = ['AuthType', 'Cors', 'InvokeMode'];
const CORS_MEMBERS = ['AllowCredentials', 'AllowHeaders', 'AllowMethods', 'AllowOrigins', 'ExposeHeaders', 'MaxAge'];

/**
 * The settings of a function URL; what the http trigger itself checks is left to it.
 * @param isNew an AuthType is needed then
 * @throws LambdaError
 */
export function readUrlSettings(body: Readonly<Record<string, unknown>>, isNew: boolean): UrlSettings {
  const unknown = Object.keys(body).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw refused(`${unknown.slice(0, 64)} is not known here; leave it out.`);
  const { AuthType, Cors, InvokeMode } = body;
  if (AuthType === undefined && isNew) {
    throw validation(["Value null at 'authType' failed to satisfy constraint: Member must not be null"]);
  }
  if (AuthType !== undefined && !(typeof AuthType === 'string' && AUTH_TYPES.includes(AuthType))) {
    throw outside(AuthType, 'authType', AUTH_TYPES);
  }
  const mode = MODES.find((each) => each === InvokeMode);
  if (InvokeMode !== undefined && mode === undefined) throw outside(InvokeMode, 'invokeMode', MODES);
  return {
    ...(AuthType === undefined ? {} : { Auth: AuthType === 'NONE' ? 'none' : 'key' }),
    ...(Cors === undefined ? {} : { Cors: ownCors(Cors) }),
    ...(mode === undefined ? {} : { InvokeMode: mode }),
  };
}

function outside(value: unknown, member: string, allowed: readonly string[]): LambdaError {
  const constraint = `Member must satisfy enum value set: [${allowed.join(', ')}]`;
  return validation([`Value '${JSON.stringify(value).slice(0, 32)}' at '${member}' failed to satisfy constraint: ${constraint}`]);
}

/** @returns undefined for rules that allow nothing */
function ownCors(given: unknown): CorsRules | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw refused('Cors must be an object.');
  const unknown = Object.keys(given).find((name) => !CORS_MEMBERS.includes(name));
  if (unknown !== undefined) throw refused(`Cors.${unknown.slice(0, 64)} is not known.`);
  const { AllowOrigins, AllowMethods, MaxAge, ...rest } = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null),
  ) as Partial<Record<string, unknown>>;
  if (AllowOrigins === undefined || (Array.isArray(AllowOrigins) && AllowOrigins.length === 0)) {
    if (Object.keys(given).length === 0) return undefined;
    throw refused('Cors needs AllowOrigins: without an origin it allows nobody anything.');
  }
  return {
    ...rest,
    AllowOrigins: AllowOrigins as string[],
    ...(AllowMethods === undefined ? {} : { AllowMethods: AllowMethods as HttpMethod[] }),
    ...(MaxAge === undefined ? {} : { MaxAgeSeconds: MaxAge as number }),
  };
}

/** As AWS shows them. */
export function urlCors({ MaxAgeSeconds, ...rules }: CorsRules): Record<string, unknown> {
  return { ...rules, ...(MaxAgeSeconds === undefined ? {} : { MaxAge: MaxAgeSeconds }) };
}

function refused(message: string): LambdaError {
  return new LambdaError('InvalidParameterValueException', message);
}
