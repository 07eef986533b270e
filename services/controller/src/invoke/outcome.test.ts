import { initTimedOut, responseTooLarge, runtimeExited, timedOut } from './outcome';

const read = ({ body }: { body: Buffer }): { errorType: string; errorMessage: string } =>
  JSON.parse(body.toString()) as { errorType: string; errorMessage: string };

describe('outcomes that the platform words', () => {
  it('say a time-out as AWS Lambda says it', () => {
    expect(read(timedOut('r', 3000))).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'RequestId: r Error: Task timed out after 3.00 seconds',
    });
    expect(read(initTimedOut('r', 10_000)).errorMessage).toBe('RequestId: r Error: Init timed out after 10.00 seconds');
  });

  it.each([
    [{ code: 3, signal: null, oom: false }, 'Runtime.ExitError', 'RequestId: r Error: Runtime exited with error: exit status 3'],
    [{ code: 0, signal: null, oom: false }, 'Runtime.ExitError', 'RequestId: r Error: Runtime exited without providing a reason'],
    [{ code: null, signal: 'SIGKILL', oom: false }, 'Runtime.ExitError', 'RequestId: r Error: Runtime exited with error: signal: killed'],
    [
      { code: null, signal: 'SIGSEGV', oom: false },
      'Runtime.ExitError',
      'RequestId: r Error: Runtime exited with error: signal: segmentation fault',
    ],
    [{ code: null, signal: 'SIGUSR1', oom: false }, 'Runtime.ExitError', 'RequestId: r Error: Runtime exited with error: signal: usr1'],
    [{ code: 137, signal: null, oom: false }, 'Runtime.ExitError', 'RequestId: r Error: Runtime exited with error: signal: killed'],
  ])('tell how a process ended: %j', (end, errorType, errorMessage) => {
    expect(read(runtimeExited('r', end, 128))).toEqual({ errorType, errorMessage });
  });

  it('name the memory limit when memory ran out, of the container or of the JavaScript heap', () => {
    const killed = runtimeExited('r', { code: null, signal: 'SIGKILL', oom: true }, 256);
    expect(killed.errorType).toBe('Runtime.OutOfMemory');
    expect(read(killed).errorMessage).toMatch(/signal: killed.*ran out of memory.*256 MB/);
    expect(read(runtimeExited('r', { code: null, signal: 'SIGABRT', oom: true }, 128)).errorMessage).toMatch(/JavaScript heap.*128 MB/);
  });

  it('tell a process that ended by itself from one that memory ended, and say that a child of it was', () => {
    const exited = runtimeExited('r', { code: 3, signal: null, oom: true }, 128);
    expect(exited.errorType).toBe('Runtime.ExitError');
    expect(read(exited).errorMessage).toMatch(/exit status 3\. One of its processes was ended.*out of memory \(128 MB\)/);
    expect(runtimeExited('r', { code: null, signal: 'SIGSEGV', oom: true }, 128).errorType).toBe('Runtime.ExitError');
    expect(runtimeExited('r', { code: 137, signal: null, oom: true }, 128).errorType).toBe('Runtime.OutOfMemory');
  });

  it('name both sizes of a result that is too large', () => {
    expect(read(responseTooLarge(6_291_457)).errorMessage).toContain('6291457 bytes');
  });
});
