import type { InvocationRecord } from '@easyfaas/contracts/wire';
import { recordJson } from './record-json';

/** Every member there is: a new one that the text does not carry fails the first test. */
const whole: Required<Omit<InvocationRecord, 'stages'>> & { stages: Required<InvocationRecord['stages']> } = {
  requestId: '221134a4-8176-4d4b-948b-8cc6786af8e5',
  accountId: 'default',
  keyId: 'k3y1d567',
  functionName: 'hello',
  version: '$LATEST',
  commitId: 'a0a4',
  invokeType: 'RequestResponse',
  status: 'failed',
  httpStatus: 200,
  errorType: 'Error"\n',
  errorMessage: 'with "quotes" and ü',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  podId: 'pod-one',
  containerId: '71a5e744a734',
  start: 'cold',
  coldReason: 'pool empty',
  startedAt: '2026-01-31T12:00:00.000Z',
  stages: { totalMs: 1.234, waitMs: 0.5, warmupMs: 2, initMs: 0.001, invokeMs: 3, firstByteMs: 1.1 },
  payloadBytes: 2,
  resultBytes: 7,
  cpuMs: 0.807,
  maxMemoryMb: 43,
  logTail: 'line\n\u0000',
  attemptCount: 3,
  source: 'trigger:t-1',
  condition: 'RetriesExhausted',
  leftOut: 3,
};

describe('the JSON of a record', () => {
  it('has every member', () => {
    expect(JSON.parse(recordJson(whole))).toEqual(whole);
  });

  it('is the same without words of somebody else, and with as few members as possible', () => {
    const { errorType, errorMessage, logTail, attemptCount, condition, leftOut, ...plain } = whole;
    void [errorType, errorMessage, logTail, attemptCount, condition, leftOut];
    expect(JSON.parse(recordJson(plain))).toEqual(plain);
    const { keyId, source, traceId, podId, containerId, start, coldReason, cpuMs, maxMemoryMb, ...least } = plain;
    void [keyId, source, traceId, podId, containerId, start, coldReason, cpuMs, maxMemoryMb];
    const record: InvocationRecord = { ...least, stages: { totalMs: 1 } };
    expect(recordJson(record)).toBe(JSON.stringify(record));
  });
});
