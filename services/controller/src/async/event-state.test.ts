import { readEventState } from './event-state';

const read = (fields: Record<string, string>): ReturnType<typeof readEventState> =>
  readEventState(
    'default',
    'request-1',
    Object.entries(fields).flatMap(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
  );

const ATTEMPT = { attempt: 1, startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:01.000Z', outcome: 'success' };

describe('an event as Redis has it', () => {
  it('has its end in one field', () => {
    const outcome = { condition: 'Success', attempts: [ATTEMPT], resultBytes: 2, logTail: 'a\nb', stages: { totalMs: 1 }, errorType: '' };
    const before = { attempts: '[]', errorType: 'Error', executedVersion: '1' };
    expect(read({ status: 'succeeded', ...before, outcome: JSON.stringify(outcome), result: '{}' })).toMatchObject({
      ...outcome,
      // Of a try before, about which the last one said nothing.
      executedVersion: '1',
      result: Buffer.from('{}'),
    });
  });

  it('had it field by field before, as one that is tried again has', () => {
    const fields = { condition: 'Success', attempts: JSON.stringify([ATTEMPT]), resultBytes: '2', logTail: 'a', stages: '{"totalMs":1}' };
    expect(read({ status: 'succeeded', ...fields, executedVersion: '1', errorType: '' })).toMatchObject({
      condition: 'Success',
      attempts: [ATTEMPT],
      resultBytes: 2,
      logTail: 'a',
      stages: { totalMs: 1 },
      executedVersion: '1',
      errorType: '',
    });
  });

  it('has what is usual where nothing is said', () => {
    expect(read({ status: 'accepted' })).toMatchObject({
      qualifier: '$LATEST',
      source: 'api',
      attempts: [],
      resultBytes: 0,
      stages: undefined,
    });
  });
});
