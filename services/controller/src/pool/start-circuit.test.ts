import { ServiceError } from '@easyfaas/service-kit';
import type { FunctionPool } from './function-pool';
import { StartCircuit, noteStartFailure } from './start-circuit';

function poolOf(): FunctionPool {
  const part: Pick<FunctionPool, 'circuit' | 'startFailure'> & { stored: unknown } = {
    circuit: new StartCircuit(),
    startFailure: undefined,
    stored: { configuration: { FunctionName: 'f' } },
  };
  return part as FunctionPool;
}
const missing = new ServiceError('ENGINE_UNAVAILABLE', 'The image is missing.');

describe('starts that fail again and again', () => {
  it('are refused at once after the fifth within a minute, for some seconds, with the last cause', () => {
    const pool = poolOf();
    for (const atMs of [0, 10_000, 20_000, 30_000]) expect(noteStartFailure(pool, missing, atMs)).toBe(false);
    expect(pool.startFailure).toBeUndefined();
    expect(noteStartFailure(pool, missing, 40_000)).toBe(true);
    expect(pool.startFailure?.untilMs).toBe(45_000);
    const outcome = pool.startFailure?.outcomeOf(undefined as never);
    expect(outcome).toMatchObject({ kind: 'platform-error', error: { code: 'CIRCUIT_OPEN', headers: { 'Retry-After': '5' } } });
    expect((outcome as { error: ServiceError }).error.message).toContain('The image is missing.');
  });

  it('are refused again after one more failure, until one succeeds', () => {
    const { circuit } = poolOf();
    for (let index = 0; index < 5; index++) circuit.noteFailure(index);
    expect(circuit.noteFailure(6000)).toBe(true);
    circuit.noteSuccess();
    expect(circuit.isTripped).toBe(false);
    expect(circuit.noteFailure(7000)).toBe(false);
  });

  it('do not count when they are spread over a longer time', () => {
    const { circuit } = poolOf();
    for (let index = 0; index < 20; index++) expect(circuit.noteFailure(index * 16_000)).toBe(false);
  });

  it.each(['CAPACITY_EXCEEDED', 'FUNCLET_UNAVAILABLE'] as const)('do not count for %s, which says nothing about the function', (code) => {
    const pool = poolOf();
    for (let index = 0; index < 20; index++) expect(noteStartFailure(pool, new ServiceError(code, 'x'), index)).toBe(false);
  });
});
