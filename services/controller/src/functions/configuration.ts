import type { CreateFunctionRequest, FunctionConfiguration, RuntimeManifest, UpdateConfigurationRequest } from '@easyfaas/contracts/wire';
import { LIMITS } from '@easyfaas/contracts/wire';
import { invalidField } from '../invalid-field';
import { checkEnvironment, mask, unmask } from './environment-rules';
import { checkStorage, storageMbOf } from './storage-rules';
import { checkTags } from './tag-rules';

/** A create request without its code. */
export type FunctionSettings = Omit<CreateFunctionRequest, 'Code' | 'Publish'>;

/** The members of a configuration that a user sets. */
type Settings = Pick<
  FunctionConfiguration,
  | 'Description'
  | 'Runtime'
  | 'Handler'
  | 'Timeout'
  | 'MemorySize'
  | 'Environment'
  | 'PodConcurrentQuota'
  | 'NetworkMode'
  | 'EphemeralStorage'
  | 'KeepPayloads'
  | 'Tags'
>;

const DEFAULT_SETTINGS = {
  Description: '',
  Timeout: 3,
  MemorySize: LIMITS.memoryMbMin,
  Environment: { Variables: {} },
  PodConcurrentQuota: 1,
  NetworkMode: 'none',
  Tags: {},
} as const satisfies Partial<Settings>;

/** @throws ServiceError VALIDATION_FAILED, RESERVED_ENV */
export function newSettings(request: FunctionSettings, runtimes: ReadonlyMap<string, RuntimeManifest>): Settings {
  const { Runtime, Handler } = request;
  return checked({ ...DEFAULT_SETTINGS, Runtime, Handler, ...given(request, DEFAULT_SETTINGS.Environment.Variables) }, runtimes);
}

/** Members that the request does not name stay. @throws as {@link newSettings} */
export function changedSettings(
  current: FunctionConfiguration,
  request: UpdateConfigurationRequest,
  runtimes: ReadonlyMap<string, RuntimeManifest>,
): Settings {
  return checked({ ...settingsOf(current), ...given(request, current.Environment.Variables) }, runtimes);
}

/** As the API shows it. */
export function configurationView(configuration: FunctionConfiguration): FunctionConfiguration {
  const { LastUpdateStatus = 'Successful' } = configuration;
  const EphemeralStorage = { Size: storageMbOf(configuration) };
  return { ...configuration, EphemeralStorage, LastUpdateStatus, Environment: { Variables: mask(configuration.Environment.Variables) } };
}

function settingsOf(configuration: FunctionConfiguration): Settings {
  const { Description, Runtime, Handler, Timeout, MemorySize, Environment, PodConcurrentQuota, NetworkMode, Tags } = configuration;
  const { EphemeralStorage, KeepPayloads } = configuration;
  const settings = { Description, Runtime, Handler, Timeout, MemorySize, Environment, PodConcurrentQuota, NetworkMode, Tags };
  return {
    ...settings,
    ...(EphemeralStorage === undefined ? {} : { EphemeralStorage }),
    ...(KeepPayloads === undefined ? {} : { KeepPayloads }),
  };
}

function given(request: UpdateConfigurationRequest, stored: Readonly<Record<string, string>>): Partial<Settings> {
  const { Description, Runtime, Handler, Timeout, MemorySize, Environment, PodConcurrentQuota, NetworkMode, Tags } = request;
  const { EphemeralStorage, KeepPayloads } = request;
  return {
    ...(Description === undefined ? {} : { Description }),
    ...(Runtime === undefined ? {} : { Runtime }),
    ...(Handler === undefined ? {} : { Handler }),
    ...(Timeout === undefined ? {} : { Timeout }),
    ...(MemorySize === undefined ? {} : { MemorySize }),
    ...(Environment === undefined ? {} : { Environment: { Variables: unmask(Environment.Variables, stored) } }),
    ...(PodConcurrentQuota === undefined ? {} : { PodConcurrentQuota }),
    ...(NetworkMode === undefined ? {} : { NetworkMode }),
    ...(Tags === undefined ? {} : { Tags }),
    ...(EphemeralStorage === undefined ? {} : { EphemeralStorage }),
    ...(KeepPayloads === undefined ? {} : { KeepPayloads }),
  };
}

function checked(settings: Settings, runtimes: ReadonlyMap<string, RuntimeManifest>): Settings {
  const manifest = runtimes.get(settings.Runtime);
  if (manifest === undefined) {
    const names = [...runtimes.keys()].sort().join(', ');
    throw invalidField('Runtime', `Runtime "${settings.Runtime}" does not exist here; there are: ${names === '' ? 'none' : names}.`);
  }
  if (!new RegExp(manifest.handlerPattern).test(settings.Handler)) {
    throw invalidField('Handler', `Handler does not match what ${manifest.title} expects; an example is ${manifest.handlerExample}.`);
  }
  const { concurrencyMax } = manifest;
  if (concurrencyMax !== undefined && settings.PodConcurrentQuota > concurrencyMax) {
    throw invalidField(
      'PodConcurrentQuota',
      `PodConcurrentQuota is ${settings.PodConcurrentQuota}; ${manifest.title} runs at most ${concurrencyMax} at once in a container. Leave it out: calls at once get containers of their own.`,
    );
  }
  checkEnvironment(settings.Environment.Variables);
  checkTags(settings.Tags);
  checkStorage(settings);
  return settings;
}
