import type { Answer, Language } from '../../support/stack';

/** A function that harms when called with `"attack"` and answers `"fine"` to every other event. */
export interface HostileFunction {
  /** Number in the corpus of bad inputs. */
  row: number;
  /** Completes "D76 …". */
  title: string;
  source: Partial<Record<Language, string>>;
  /** Default 10. */
  timeoutSeconds?: number;
  memoryMb?: number;
  /** Checks the answer of the attack. */
  answers: (answer: Answer) => void;
  /** Its container must be gone afterwards, and never serve again. */
  endsContainer?: boolean;
  /** The function cannot answer any call: a later one must fail in the same way. */
  isLostForGood?: boolean;
}

export const ATTACK = 'attack';

/** Wraps statements into a Node.js handler; `head` runs when the module is loaded. */
export const node = (body: string, head = ''): string => `${head}
exports.handler = async (event, context) => {
  if (event !== 'attack') return 'fine';
  ${body}
};`;

/** Wraps statements, not indented, into a Python handler; `head` runs when the module is loaded. */
export const python = (body: string, head = ''): string => `import os, sys, time
${head}
def handler(event, context):
    if event != 'attack':
        return 'fine'
${body
  .trim()
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
`;

/** The call failed as the function's own fault, with one of these error types. */
export const failsWith =
  (errorTypes: readonly string[], message = /./) =>
  (answer: Answer): void => {
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-easyfaas-function-error')).toBe('Unhandled');
    const body = answer.json<{ errorType: string; errorMessage: string }>();
    expect(errorTypes).toContain(body.errorType);
    expect(body.errorMessage).toMatch(message);
  };

/** The call succeeded; `check` looks at its result. */
export const returns =
  <T = unknown>(check: (result: T, answer: Answer) => void) =>
  (answer: Answer): void => {
    expect({
      status: answer.status,
      functionError: answer.headers.get('x-easyfaas-function-error'),
      text: answer.text.slice(0, 500),
    }).toEqual({
      status: 200,
      functionError: null,
      text: answer.text.slice(0, 500),
    });
    check(answer.json<T>(), answer);
  };

/**
 * Any documented answer: a result, a failure of the function, or the loss of its container. For attacks on the
 * function's own process, of which only the form of the answer can be promised.
 */
export const answersSomehow = (answer: Answer): void => {
  if (answer.status === 503) expect(answer.json<{ error: { code: string } }>().error.code).toBe('RUNTIME_LOST');
  else expect(answer.status).toBe(200);
  if (answer.headers.get('x-easyfaas-function-error') !== null) {
    expect(answer.json<{ errorType: string }>().errorType).toMatch(/^(Runtime|Sandbox|Function)\./);
  }
};

export const either =
  (...checks: ((answer: Answer) => void)[]) =>
  (answer: Answer): void => {
    const failures: unknown[] = [];
    for (const check of checks) {
      try {
        check(answer);
        return;
      } catch (error) {
        failures.push(error);
      }
    }
    throw new AggregateError(failures, failures.map(String).join('\nor\n'));
  };
