import { httpConfigurationSchema } from '@easyfaas/contracts/schemas';
import type { HttpConfiguration } from '@easyfaas/contracts/wire';
import { invalidField } from '../../../invalid-field';
import type { SourceTrigger, TriggerDraft, TriggerSource } from '../../source';
import { checkedConfiguration } from '../checked-configuration';
import { compileRoute } from './route-pattern';
import { qualifiedName } from './route-table';

/** What everybody may do with a path that asks nobody for a key. */
const PUBLIC_RATE = { RequestsPerSecond: 50, Burst: 100 };

/** Paths that stand for a function; http-front.ts serves them. */
export class HttpSource implements TriggerSource<HttpConfiguration> {
  readonly kind = 'http';
  readonly placement = 'on-request';
  readonly secretNames = ['HmacSecret'];

  validate({ configuration, secretNames }: TriggerDraft): HttpConfiguration {
    const checked = checkedConfiguration(httpConfigurationSchema, configuration);
    const { Path, Auth = 'key', Base = 'function', Cors, RateLimit } = checked;
    if (Path !== undefined) compileRoute(Path);
    if (Base === 'account' && Path === undefined) {
      throw invalidField(
        'Configuration.Path',
        'Path is needed with the Base "account": not every path of the account can be one function.',
      );
    }
    if (Base === 'url' && Path !== undefined) {
      throw invalidField('Configuration.Path', 'Path cannot be with the Base "url": a function URL takes every path.');
    }
    if (Auth === 'hmac' && !secretNames.includes('HmacSecret')) {
      throw invalidField('Secrets.HmacSecret', 'Secrets.HmacSecret is needed with the Auth "hmac": callers sign with it.');
    }
    if (Cors?.AllowCredentials === true && Cors.AllowOrigins.includes('*')) {
      throw invalidField('Configuration.Cors', 'Cors cannot allow credentials to every origin: name the origins.');
    }
    const limit = RateLimit ?? (Auth === 'none' ? PUBLIC_RATE : undefined);
    return { ...checked, Auth, Base, ...(limit === undefined ? {} : { RateLimit: limit }) };
  }

  describe({
    accountId,
    functionName,
    qualifier,
    configuration,
  }: Omit<SourceTrigger<HttpConfiguration>, 'secrets'>): Record<string, unknown> {
    const { Base, Path = '', Auth, Methods } = configuration;
    const base =
      Base === 'account'
        ? `/http/${accountId}`
        : `/http/${accountId}/${Base === 'url' ? qualifiedName(functionName, qualifier) : functionName}`;
    return { Url: `${base}${Path}`, Auth, Methods: Methods ?? ['ANY'] };
  }

  start(): void {
    throw new Error('An http trigger is not started.');
  }

  stop(): void {
    throw new Error('An http trigger is not stopped.');
  }
}
