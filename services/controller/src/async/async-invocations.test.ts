import { FunctionLimit } from '../auth/function-limit';
import { AsyncInvocations, type AsyncInvocationsDeps } from './async-invocations';
import type { NewEvent } from './event-intake';

/** Of synchronous calls: one payload is kept, under an id that another function's call has had, too. */
function underTest() {
  const accepted: NewEvent[] = [];
  const invocations = new AsyncInvocations({
    store: { read: async () => undefined },
    keptPayloads: {
      find: async () => ({
        functionName: 'theirs',
        version: '1',
        contentType: undefined,
        clientContext: undefined,
        payload: Buffer.from('x'),
      }),
    },
    intake: {
      acceptWith: async (event: NewEvent, requestId: string) => {
        accepted.push(event);
        return { requestId };
      },
    },
    ids: { requestId: () => 'new' },
  } as unknown as AsyncInvocationsDeps);
  return { invocations, accepted };
}

describe('a synchronous call whose payload is kept', () => {
  it('is not repeated by a key that is for other functions', async () => {
    const { invocations, accepted } = underTest();
    await expect(invocations.replay('default', 'id', { functions: new FunctionLimit(['own']) })).rejects.toMatchObject({
      code: 'RECORD_NOT_FOUND',
    });
    expect(accepted).toEqual([]);
  });

  it('is repeated by a key for all functions', async () => {
    const { invocations, accepted } = underTest();
    expect(await invocations.replay('default', 'id', { functions: undefined })).toBe('new');
    expect(accepted).toMatchObject([{ functionName: 'theirs', qualifier: '1', replayOf: 'id' }]);
  });
});
