import { CliError } from '../cli-error';
import { parseManifest } from './manifest';

function refusal(text: string): string {
  try {
    parseManifest(text, '/app/easyfaas.yml');
  } catch (error) {
    if (error instanceof CliError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a manifest', () => {
  it('names functions, with code relative to itself', () => {
    const text = `
functions:
  hello:
    code: ./hello
    runtime: nodejs20
    memoryMb: 256
    storageMb: 128
    environment: { MODE: fast }
  root: {}
`;
    expect(parseManifest(text, '/app/easyfaas.yml')).toEqual([
      { name: 'hello', codePath: '/app/hello', runtime: 'nodejs20', memoryMb: 256, storageMb: 128, environment: { MODE: 'fast' } },
      { name: 'root', codePath: '/app' },
    ]);
  });

  it.each([
    ['[]', 'must have a member `functions`'],
    ['functions: {}', 'at least one function'],
    ['functions: {a: {}}\nservice: x', 'service is not known'],
    ['functions: {a: text}', 'functions.a must have members'],
    ['functions: {a: {memory: 128}}', 'functions.a.memory is not known; known are code,'],
    ['functions: {a: {memoryMb: "128"}}', 'functions.a.memoryMb must be a number'],
    ['functions: {a: {environment: {PORT: 80}}}', 'functions.a.environment must be texts by name'],
    ['functions: {a: {layers: b}}', 'functions.a.layers must be a list of texts'],
    ['functions: {a: {runtime: 3}}', 'functions.a.runtime must be a text'],
    ['functions: {a: [', 'is not YAML'],
  ])('%j is refused in words', (text, words) => {
    expect(refusal(text)).toContain(words);
  });
});
