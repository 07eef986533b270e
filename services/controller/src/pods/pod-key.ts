import { readFileSync } from 'node:fs';

/** Of a key: 256 bits, as hex. */
const KEY = /^[0-9a-f]{64}$/;

/** What is wrong with a key that is there; undefined when it can be used. An empty one would sign for everybody. */
export function podKeyProblem(text: string): string | undefined {
  if (text === '') return 'is empty';
  return KEY.test(text) ? undefined : 'is not 64 hexadecimal digits';
}

/** @throws Error when there is no such file, or it does not hold a key: then nothing may start */
export function readPodKeyFile(path: string): Buffer {
  const text = readFileSync(path, 'utf8').trim();
  const problem = podKeyProblem(text);
  if (problem !== undefined) {
    throw new Error(
      `The key in EASYFAAS_POD_KEY_FILE (${path}) ${problem}; make one with \`openssl rand -hex 32\`, the same for all pods.`,
    );
  }
  return Buffer.from(text, 'hex');
}
