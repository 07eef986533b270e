import type { CorsRules } from '@easyfaas/contracts/wire';

/** Whether the rules let scripts of this origin in. */
export function allowsOrigin(rules: CorsRules | undefined, origin: string): boolean {
  if (rules === undefined) return false;
  const wanted = origin.toLowerCase();
  return rules.AllowOrigins.some((each) => each === '*' || each.toLowerCase() === wanted);
}

/** Headers for an answer to an allowed origin (Fetch standard). */
export function corsHeaders(rules: CorsRules, origin: string): string[] {
  const isCredentialed = rules.AllowCredentials === true;
  // A wildcard does not count for requests with credentials; then the origin is repeated.
  const isAny = rules.AllowOrigins.includes('*') && !isCredentialed;
  return [
    'Access-Control-Allow-Origin',
    isAny ? '*' : origin,
    ...(isAny ? [] : ['Vary', 'Origin']),
    ...(isCredentialed ? ['Access-Control-Allow-Credentials', 'true'] : []),
    ...listed('Access-Control-Expose-Headers', rules.ExposeHeaders),
  ];
}

/** Headers for the answer to a preflight of an allowed origin. */
export function preflightHeaders(rules: CorsRules, origin: string, requestedHeaders: string | undefined): string[] {
  const methods = rules.AllowMethods ?? ['*'];
  const isEvery = methods.includes('*');
  return [
    ...corsHeaders({ ...rules, ExposeHeaders: [] }, origin),
    'Access-Control-Allow-Methods',
    (isEvery ? ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] : methods).join(', '),
    ...(rules.AllowHeaders === undefined
      ? listed('Access-Control-Allow-Headers', requested(requestedHeaders))
      : listed('Access-Control-Allow-Headers', rules.AllowHeaders)),
    ...(rules.MaxAgeSeconds === undefined ? [] : ['Access-Control-Max-Age', String(rules.MaxAgeSeconds)]),
  ];
}

/** Without a list of headers those are allowed that are asked for. */
function requested(headers: string | undefined): string[] {
  return (headers ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^[\w-]{1,64}$/.test(name))
    .slice(0, 32);
}

function listed(name: string, values: readonly string[] | undefined): string[] {
  return values === undefined || values.length === 0 ? [] : [name, values.join(', ')];
}
