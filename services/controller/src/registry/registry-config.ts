import type { EnvReader } from '@easyfaas/service-kit';

/** Of EASYFAAS_REGISTRY_*, as read. */
export interface RegistryEnv {
  registryUrl: string | undefined;
  registryToken: string | undefined;
  registryCodeOrigins: string[];
  registryTtlS: number;
  registryStaleS: number;
}

export interface RegistryConfig {
  /** Without a slash at its end. */
  baseUrl: string;
  /** Sent to the registry's own origin only. */
  token: string | undefined;
  /** Where code may be besides the registry's own origin. */
  codeOrigins: ReadonlySet<string>;
  ttlMs: number;
  staleMs: number;
}

export function readRegistryEnv(reader: EnvReader): RegistryEnv {
  return {
    registryUrl: reader.optionalText('EASYFAAS_REGISTRY_URL'),
    registryToken: reader.optionalText('EASYFAAS_REGISTRY_TOKEN'),
    registryCodeOrigins: reader.list('EASYFAAS_REGISTRY_CODE_ORIGINS', []),
    registryTtlS: reader.integer('EASYFAAS_REGISTRY_TTL_S', 10, { min: 1, max: 3600 }),
    registryStaleS: reader.integer('EASYFAAS_REGISTRY_STALE_S', 3600, { min: 0, max: 604_800 }),
  };
}

/** @returns undefined without EASYFAAS_REGISTRY_URL: functions are built in; problems go to the reader */
export function readRegistryConfig(env: RegistryEnv, reader: EnvReader): RegistryConfig | undefined {
  const { registryUrl, registryToken, registryCodeOrigins, registryTtlS, registryStaleS } = env;
  if (registryUrl === undefined) return undefined;
  const url = httpUrl(registryUrl);
  if (url === undefined || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    reader.problem(
      `EASYFAAS_REGISTRY_URL is "${registryUrl}", expected http(s)://host[:port][/path] without query; a token belongs into EASYFAAS_REGISTRY_TOKEN`,
    );
  }
  if (registryToken !== undefined && !/^[\x21-\x7e]{1,4096}$/.test(registryToken)) {
    reader.problem('EASYFAAS_REGISTRY_TOKEN has blanks or other characters that no header may have');
  }
  const origins = registryCodeOrigins.map((text) => {
    const origin = httpUrl(text)?.origin;
    if (origin !== text) reader.problem(`EASYFAAS_REGISTRY_CODE_ORIGINS has "${text}", expected http(s)://host[:port]`);
    return text;
  });
  return {
    baseUrl: registryUrl.replace(/\/+$/, ''),
    token: registryToken,
    codeOrigins: new Set([...(url === undefined ? [] : [url.origin]), ...origins]),
    ttlMs: registryTtlS * 1000,
    staleMs: registryStaleS * 1000,
  };
}

function httpUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}
