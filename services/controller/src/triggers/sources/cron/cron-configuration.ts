import { cronConfigurationSchema } from '@easyfaas/contracts/schemas';
import type { CronConfiguration } from '@easyfaas/contracts/wire';
import type { TriggerDraft } from '../../source';
import { checkedConfiguration } from '../checked-configuration';
import { type Schedule, parseSchedule } from './schedule';

/** @throws ServiceError VALIDATION_FAILED */
export function checkCronConfiguration({ configuration }: TriggerDraft): Required<CronConfiguration> {
  const {
    Schedule,
    TimeZone = 'UTC',
    MissedRuns = 'latest',
    Overlap = 'allow',
    JitterSeconds = 0,
    Input = null,
  } = checkedConfiguration(cronConfigurationSchema, configuration);
  const checked = { Schedule, TimeZone, MissedRuns, Overlap, JitterSeconds, Input };
  parseSchedule(Schedule, TimeZone, 0);
  return checked;
}

/** A rate counts from when its trigger was made, so that changing something else does not shift it. */
export function scheduleOf({ Schedule, TimeZone }: Required<CronConfiguration>, createdAt: string): Schedule {
  return parseSchedule(Schedule, TimeZone, Math.floor(Date.parse(createdAt) / 1000) * 1000);
}
