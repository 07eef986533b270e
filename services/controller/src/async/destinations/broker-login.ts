import type { DestinationRequest } from '@easyfaas/contracts/wire';
import type { SecretBox } from '../../secrets/secret-box';
import type { BrokerLogin } from '../../triggers/sources/mqtt/publish-mqtt';
import type { EventInvokeConfig, StoredDestination } from '../event-invoke-config';

interface Owner {
  accountId: string;
  functionName: string;
}

/** A password opens only for the destination that it was given for. */
const placeOf = ({ accountId, functionName }: Owner, { Destination, Username = '' }: StoredDestination): string =>
  `destination/${accountId}/${functionName}/${Username}/${Destination}`;

/** As it is kept: the password sealed. @param before what was kept of the function's destinations: the same one keeps its password */
export function keptDestination(
  box: Pick<SecretBox, 'seal'>,
  owner: Owner,
  { Destination, Format, Username, Password }: DestinationRequest,
  before: readonly StoredDestination[],
): StoredDestination {
  const kept: StoredDestination = {
    Destination,
    ...(Format === undefined ? {} : { Format }),
    ...(Username === undefined ? {} : { Username }),
  };
  if (Username === undefined) return kept;
  const same = before.find((each) => each.Destination === Destination && each.Username === Username);
  const sealed = Password === undefined ? same?.SealedPassword : box.seal(Password, placeOf(owner, kept));
  return sealed === undefined ? kept : { ...kept, SealedPassword: sealed };
}

/**
 * What a broker wants to know of who publishes, by the configuration of now: a new password holds for what waits, too. Both sides may name the
 * same topic and be different users: the one of the event's own side comes first.
 * @throws ServiceError SECRET_UNREADABLE
 */
export function loginOf(
  box: Pick<SecretBox, 'open'>,
  owner: Owner & { status: string },
  { DestinationConfig: { OnSuccess, OnFailure } }: Pick<EventInvokeConfig, 'DestinationConfig'>,
  destination: string,
): BrokerLogin | undefined {
  const sides = owner.status === 'succeeded' ? [OnSuccess, OnFailure] : [OnFailure, OnSuccess];
  const found = sides.find((each) => each?.Destination === destination);
  if (found?.Username === undefined) return undefined;
  const { Username: username, SealedPassword } = found;
  return { username, ...(SealedPassword === undefined ? {} : { password: box.open(SealedPassword, placeOf(owner, found)) }) };
}

/** As it is shown. */
export function shownDestinations(destinations: EventInvokeConfig['DestinationConfig']): Record<string, DestinationRequest> {
  return Object.fromEntries(
    Object.entries(destinations).map(([side, destination]) => {
      const { SealedPassword, ...shown } = destination;
      void SealedPassword;
      return [side, shown];
    }),
  );
}
