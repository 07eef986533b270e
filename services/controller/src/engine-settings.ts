import type { RuntimeManifest } from '@easyfaas/contracts/wire';
import type { ControllerConfig } from './config';
import type { EngineOptions } from './engine';
import { shelvesOf } from './pool/shelves';

export type EngineSettings = Pick<
  EngineOptions,
  | 'shelves'
  | 'poolMax'
  | 'idleTimeoutMs'
  | 'pauseAfterMs'
  | 'pausesProvisioned'
  | 'liveRuntimes'
  | 'containerMaxAgeMs'
  | 'containerMaxCalls'
  | 'accountWeights'
  | 'waitMs'
  | 'streamBytes'
  | 'lineLimit'
  | 'accountConcurrency'
>;

/** What of the configuration the engine goes by. @throws Error when a setting of the pool names a runtime that there is not */
export function engineSettings(config: ControllerConfig, runtimes: ReadonlyMap<string, RuntimeManifest>): EngineSettings {
  return {
    shelves: shelvesOf({
      runtimes: runtimes.keys(),
      classesMb: config.poolClassesMb,
      minimums: config.poolMin,
      defaults: poolMinimums(runtimes),
      caps: config.poolCap,
      networks: config.egress === 'on' ? ['none', 'egress'] : ['none'],
      minEgress: config.poolMinEgress,
    }),
    poolMax: config.poolMax,
    idleTimeoutMs: config.idleTimeoutMs,
    pauseAfterMs: config.pauseAfterMs,
    liveRuntimes: new Set([...runtimes.values()].filter(({ liveMemory }) => liveMemory === true).map(({ name }) => name)),
    pausesProvisioned: config.pausesProvisioned,
    containerMaxAgeMs: config.containerMaxAgeMs,
    containerMaxCalls: config.containerMaxCalls,
    accountWeights: config.accountWeights,
    waitMs: config.waitMs,
    streamBytes: config.streamBytes,
    lineLimit: config.waitingMax,
    accountConcurrency: config.accountConcurrency,
  };
}

function poolMinimums(runtimes: ReadonlyMap<string, RuntimeManifest>): Record<string, number> {
  return Object.fromEntries([...runtimes.values()].flatMap(({ name, poolMin }) => (poolMin === undefined ? [] : [[name, poolMin]])));
}
