import type { Answer, Language } from '../../support/stack';
import { type HostileFunction, either, failsWith, node, python, returns } from './hostile-function';

const isRefused = failsWith(['Runtime.MarshalError']);
const isJson = (expected: unknown): ((answer: Answer) => void) => returns((result) => expect(result).toEqual(expected));
/** JSON of some kind, or a refusal by name: what must not come is a hang, a crash, or text that is not JSON. */
const isJsonOrRefused = either(
  returns(() => undefined),
  isRefused,
);

interface OddResult {
  what: string;
  language: Language;
  /** Statements that return it. */
  body: string;
  answers: (answer: Answer) => void;
  timeoutSeconds?: number;
  endsContainer?: boolean;
}

const oddResults: OddResult[] = [
  { what: 'a circular object', language: 'nodejs20', body: 'const it = {}; it.it = it; return it;', answers: isRefused },
  { what: 'a BigInt', language: 'nodejs20', body: 'return 1n;', answers: isRefused },
  { what: 'NaN', language: 'nodejs20', body: 'return NaN;', answers: isJson(null) },
  { what: 'undefined', language: 'nodejs20', body: 'return undefined;', answers: isJson(null) },
  { what: 'a function', language: 'nodejs20', body: 'return () => 1;', answers: isJson(null) },
  { what: 'a symbol', language: 'nodejs20', body: 'return Symbol("it");', answers: isJson(null) },
  {
    what: 'a Buffer',
    language: 'nodejs20',
    body: 'return Buffer.from([0, 255, 10]);',
    answers: (answer) => {
      expect(answer.headers.get('x-easyfaas-function-error')).toBeNull();
      expect([...answer.bytes]).toEqual([0, 255, 10]);
    },
  },
  {
    what: 'an object 5 000 deep',
    language: 'nodejs20',
    body: 'let it = 1; for (let depth = 0; depth < 5000; depth++) it = { it }; return it;',
    answers: isJsonOrRefused,
  },
  { what: 'a toJSON that throws', language: 'nodejs20', body: 'return { toJSON() { throw new Error("no"); } };', answers: isRefused },
  {
    what: 'a toJSON that loops',
    language: 'nodejs20',
    body: 'return { toJSON() { for (;;); } };',
    answers: failsWith(['Sandbox.Timedout']),
    timeoutSeconds: 1,
    endsContainer: true,
  },
  {
    what: 'a Proxy that throws at everything',
    language: 'nodejs20',
    body: 'return new Proxy({}, new Proxy({}, { get() { throw new Error("no"); } }));',
    answers: failsWith(['Runtime.MarshalError', 'Error']),
  },
  {
    what: 'an object whose then never calls back',
    language: 'nodejs20',
    body: 'return { then() {} };',
    answers: failsWith(['Sandbox.Timedout']),
    timeoutSeconds: 1,
    endsContainer: true,
  },
  {
    what: 'an error that cannot be read',
    language: 'nodejs20',
    body: 'throw new Proxy(new Error("x"), { get() { throw new Error("no"); } });',
    answers: failsWith(['Runtime.UnknownReason', 'Error', 'object']),
  },
  {
    what: 'null thrown',
    language: 'nodejs20',
    body: 'throw null;',
    answers: failsWith(['object', 'null', 'Error', 'Runtime.UnknownReason']),
  },
  { what: 'a list that contains itself', language: 'python3', body: 'it = []\nit.append(it)\nreturn it', answers: isRefused },
  { what: 'a set', language: 'python3', body: 'return {1, 2}', answers: isRefused },
  { what: 'an object', language: 'python3', body: 'return object()', answers: isRefused },
  { what: 'a function', language: 'python3', body: 'return lambda: 1', answers: isRefused },
  { what: 'a generator', language: 'python3', body: 'return (each for each in [1])', answers: isRefused },
  { what: 'NaN', language: 'python3', body: "return float('nan')", answers: isJsonOrRefused },
  { what: 'None', language: 'python3', body: 'return None', answers: isJson(null) },
  {
    what: 'bytes',
    language: 'python3',
    body: 'return bytes([0, 255, 10])',
    answers: (answer) => {
      expect(answer.headers.get('x-easyfaas-function-error')).toBeNull();
      expect([...answer.bytes]).toEqual([0, 255, 10]);
    },
  },
  {
    what: 'a list 5 000 deep',
    language: 'python3',
    body: 'it = []\nfor _ in range(5000): it = [it]\nreturn it',
    answers: isJsonOrRefused,
  },
  { what: 'a lone surrogate', language: 'python3', body: "return '\\ud800'", answers: isJsonOrRefused },
  {
    what: 'an exception that cannot be read',
    language: 'python3',
    body: "class Odd(Exception):\n    def __str__(self): raise ValueError('no')\nraise Odd()",
    answers: failsWith(['Odd', 'Runtime.UnknownReason']),
  },
];

/** Results that JSON cannot carry. */
export const resultAttacks: HostileFunction[] = oddResults.map(({ what, language, body, ...rest }) => ({
  row: 95,
  title: `${what} as the result has a defined answer`,
  source: { [language]: language === 'python3' ? python(body) : node(body) },
  ...rest,
}));
