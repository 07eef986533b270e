import type { FunctionConfiguration, StoredFunction } from '@easyfaas/contracts/wire';
import { ServiceError } from '@easyfaas/service-kit';
import { without } from './without';

type State = Pick<
  FunctionConfiguration,
  'State' | 'StateReason' | 'StateReasonCode' | 'LastUpdateStatus' | 'LastUpdateStatusReason' | 'LastUpdateStatusReasonCode'
>;

export const ACTIVE: State = {
  State: 'Active',
  StateReason: 'The package was checked, stored and unpacked.',
  LastUpdateStatus: 'Successful',
};

/** Of a function whose code or layers have just been stored. */
export const PENDING: State = {
  State: 'Pending',
  StateReason: 'The function is being created: its code is being unpacked.',
  StateReasonCode: 'Creating',
};

/** Failures that the next try may not have: of those alone the code is not to blame, and the first call tries once more. */
const PASSING = ['FUNCLET_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'SHUTTING_DOWN', 'STORE_UNAVAILABLE', 'CODE_CORRUPT', 'INTERNAL'];
const WAYS_OUT: Readonly<Record<string, string>> = {
  DISK_FULL: 'Then update the code of the function, which tries again.',
};

/** Waits before the second and each later try, ms. */
export const RETRY_AFTER_MS: readonly number[] = [500, 1500, 3000];

/** While its code is unpacked a new function cannot be called; one that could be called before can. */
export function withUnsettledCode(stored: StoredFunction): StoredFunction {
  if (stored.configuration.State !== 'Active') return withState(stored, PENDING);
  const { State, StateReason } = stored.configuration;
  return withState(stored, {
    State,
    ...(StateReason === undefined ? {} : { StateReason }),
    LastUpdateStatus: 'InProgress',
    LastUpdateStatusReason: 'The new code or layers are being unpacked.',
    LastUpdateStatusReasonCode: 'Updating',
  });
}

export function isUnsettled({ configuration }: Pick<StoredFunction, 'configuration'>): boolean {
  return configuration.State === 'Pending' || configuration.LastUpdateStatus === 'InProgress';
}

/** @returns what the function is after its code could not be unpacked, or `again` */
export function stateAfterFailure(error: unknown, attempt: number): State | 'again' {
  const code = error instanceof ServiceError ? error.code : 'INTERNAL';
  const words = error instanceof Error ? error.message : String(error);
  const isPassing = PASSING.includes(code);
  if ((isPassing || code === 'DISK_FULL') && attempt < RETRY_AFTER_MS.length) return 'again';
  if (isPassing) {
    return {
      ...ACTIVE,
      StateReason: `The package was checked and stored; the first call unpacks it, since this did not succeed ahead: ${words}`.slice(
        0,
        1000,
      ),
    };
  }
  const reason = [words, WAYS_OUT[code]].filter((text) => text !== undefined).join(' ');
  return {
    State: 'Failed',
    StateReason: reason.slice(0, 1000),
    StateReasonCode: code,
    LastUpdateStatus: 'Failed',
    LastUpdateStatusReason: reason.slice(0, 1000),
    LastUpdateStatusReasonCode: code,
  };
}

/** Members of a state that do not hold any more go. */
export function withState(stored: StoredFunction, state: State): StoredFunction {
  const rest = without(
    stored.configuration,
    'State',
    'StateReason',
    'StateReasonCode',
    'LastUpdateStatus',
    'LastUpdateStatusReason',
    'LastUpdateStatusReasonCode',
  );
  return { ...stored, configuration: { ...rest, ...state } };
}

/** Functions with the same text need the same files. */
export function codeOf({ accountId, configuration, code, layers = [] }: StoredFunction): string {
  return [accountId, configuration.FunctionName, code.sha256, ...layers.map(({ sha256 }) => sha256)].join(':');
}
