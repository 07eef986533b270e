import { counted } from '../format/figures';
import { ApiError } from './api-error';

/** What to tell a person: what happened, and what to do about it. */
export interface Failure {
  title: string;
  text: string;
  requestId?: string;
}

const TITLES: Readonly<Record<number, string>> = {
  0: 'No answer',
  400: 'Not accepted',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not there',
  409: 'Not possible now',
  412: 'Changed by somebody else',
  413: 'Too large',
  415: 'Not accepted',
  429: 'Too much at once',
};

const WHAT_TO_DO: Readonly<Record<number, string>> = {
  0: 'The controller cannot be reached. Is it running, and is the network there?',
  401: 'The key is not known here, or it has ended. Sign in with another one.',
  403: 'Sign in with a key that may do it.',
  412: 'Load it again, and make the change once more.',
};

/** An error of any kind in words. */
export function describeFailure(error: unknown): Failure {
  if (!(error instanceof ApiError)) return { title: 'The console failed', text: error instanceof Error ? error.message : String(error) };
  const { status, message, requestId, retryAfterS } = error;
  const words = [
    status === 0 || status === 401 ? '' : message,
    WHAT_TO_DO[status] ?? '',
    retryAfterS === undefined ? '' : again(retryAfterS),
  ];
  return {
    title: TITLES[status] ?? (status >= 500 ? 'The platform failed' : `Refused (${status})`),
    text: words.filter((each) => each !== '').join(' '),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

function again(seconds: number): string {
  return `Try again in ${counted(Math.max(1, Math.ceil(seconds)), 'second')}.`;
}
