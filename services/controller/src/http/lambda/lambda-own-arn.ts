import { LambdaError } from './lambda-error';
import { type LambdaOwner, accountNumber } from './lambda-name';

export interface OwnArn {
  service: string;
  /** Behind the account. */
  name: string;
}

/** Takes an ARN apart that must be of the caller's own account and of this region. @throws LambdaError */
export function ownArn(text: string, owner: LambdaOwner): OwnArn {
  const [, , service = '', region, account, ...rest] = text.split(':');
  const name = rest.join(':');
  if (region !== owner.region || account !== accountNumber(owner.accountId) || name === '') {
    const message = `${text.slice(0, 256)} is not of this account and region: arn:aws:${service}:${owner.region}:${accountNumber(owner.accountId)}:<name>.`;
    throw new LambdaError('InvalidParameterValueException', message);
  }
  return { service, name };
}
