import { readInteger, type Query } from './query';

export const PAGE_PARAMETERS = ['marker', 'maxItems'] as const;

const PAGE_MAX = 100;
const PAGE_DEFAULT = 50;

/** @throws ServiceError VALIDATION_FAILED */
export function pageLimit({ maxItems }: Query<'maxItems'>): number {
  return maxItems === undefined ? PAGE_DEFAULT : readInteger('maxItems', maxItems, { min: 1, max: PAGE_MAX });
}
