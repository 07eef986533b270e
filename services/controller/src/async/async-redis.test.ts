import { ServiceError } from '@easyfaas/service-kit';
import { queueCall, queueFailure } from './async-redis';

const transaction = (message: string, ...previousErrors: Error[]): Error => Object.assign(new Error(message), { previousErrors });
const OOM = new Error("OOM command not allowed when used memory > 'maxmemory'.");

describe('a failed command of the queue', () => {
  it.each([
    'Connection is closed.',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Command timed out',
    'Reached the max retries per request limit (which is 1).',
    'LOADING Redis is loading the dataset in memory',
    'MISCONF Errors writing to the AOF file: No space left on device',
    'NOSCRIPT No matching script.',
  ])('leaves open whether the event was taken: %s', (message) => {
    const cause = new Error(message);
    for (const each of [cause, transaction('EXECABORT Transaction discarded because of previous errors.', cause)]) {
      expect(queueFailure(each)).toMatchObject({ code: 'QUEUE_UNAVAILABLE', status: 503, cause: each, headers: { 'Retry-After': '1' } });
    }
  });

  it('says so of an error that lists itself, as all commands of a transaction have one when the connection breaks', () => {
    const broken = transaction('Connection is closed.');
    (broken as Error & { previousErrors: Error[] }).previousErrors.push(broken, broken);
    expect(queueFailure(broken)).toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  });

  it('tells of memory that ran out, in a command and in a transaction', () => {
    expect(queueFailure(OOM)).toMatchObject({ code: 'QUEUE_FULL' });
    expect(queueFailure(transaction('EXECABORT Transaction discarded because of previous errors.', OOM))).toMatchObject({
      code: 'QUEUE_FULL',
    });
    expect(queueFailure(new Error(`ERR script failed: ${OOM.message}`))).toMatchObject({ code: 'QUEUE_FULL' });
  });

  it('is translated once', async () => {
    const known = new ServiceError('QUEUE_FULL', 'full');
    await expect(queueCall(() => Promise.reject(known))).rejects.toBe(known);
  });
});
