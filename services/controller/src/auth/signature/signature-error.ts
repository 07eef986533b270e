import { ServiceError } from '@easyfaas/service-kit';

export type SignatureErrorName =
  'IncompleteSignatureException' | 'InvalidSignatureException' | 'MissingAuthenticationTokenException' | 'UnrecognizedClientException';

/** A signature that does not let its sender in, with the name that clients of AWS know. */
export class SignatureError extends ServiceError {
  readonly awsName: SignatureErrorName;

  constructor(awsName: SignatureErrorName, message: string) {
    super('UNAUTHORIZED', message);
    this.awsName = awsName;
  }
}
