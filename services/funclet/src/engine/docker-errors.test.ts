import { translateDockerError } from './docker-errors';
import { EngineError, ignoreNotFound } from './engine-error';

describe('errors of Docker', () => {
  it.each([
    [400, 'refused'],
    [404, 'notFound'],
    [409, 'conflict'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('turn status %i into %s with Docker’s own words', (statusCode, kind) => {
    const error = translateDockerError('docker create', { statusCode, json: { message: 'No such image: x' } });
    expect(error.kind).toBe(kind);
    expect(error.message).toBe(`docker create was answered ${statusCode}: No such image: x`);
  });

  it('turn a failed connection into unavailable and keep the cause', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED /var/run/docker.sock'), { code: 'ECONNREFUSED' });
    expect(translateDockerError('docker info', cause)).toMatchObject({ kind: 'unavailable', cause });
  });

  it('say the way out of a wrong set-up', () => {
    const missing = translateDockerError('docker create', { statusCode: 400, json: { message: 'bind source path does not exist: /d' } });
    expect(missing.message).toContain('EASYFAAS_DATA_DIR must have the same path');
    const unshared = translateDockerError('docker create', {
      statusCode: 500,
      json: { message: '/ but it is not a shared or slave mount' },
    });
    expect(unshared.message).toContain('EASYFAAS_MOUNT_MODE=hardlink');
  });

  it('are left alone when they were translated before', () => {
    const error = new EngineError('conflict', 'x');
    expect(translateDockerError('docker create', error)).toBe(error);
  });

  it('can be ignored when the thing is gone, and only then', async () => {
    await ignoreNotFound(Promise.reject(new EngineError('notFound', 'x')));
    await expect(ignoreNotFound(Promise.reject(new EngineError('conflict', 'x')))).rejects.toThrow('x');
  });
});
