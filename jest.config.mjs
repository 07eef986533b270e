// One project per kind of test. Fast and pure: unit, architecture. Slow and real: the others.
const transform = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, sourceMaps: 'inline' }],
};

const project = (displayName, testMatch, more = {}) => ({
  displayName,
  testMatch,
  transform,
  testEnvironment: 'node',
  // Behaviour of modules is never mocked; state between tests is made by hand.
  modulePathIgnorePatterns: ['/dist/'],
  ...more,
});

export default {
  // Room for a slow machine: no test is about speed.
  testTimeout: 60_000,
  projects: [
    project('unit', [
      '<rootDir>/packages/*/src/**/*.test.ts',
      '<rootDir>/services/*/src/**/*.test.ts',
      '<rootDir>/cli/src/**/*.test.ts',
      '<rootDir>/console/src/**/*.test.ts',
      '<rootDir>/test/support/**/*.test.ts',
    ]),
    project('architecture', ['<rootDir>/test/architecture/**/*.test.ts']),
    project('integration', ['<rootDir>/services/*/test/**/*.int.test.ts', '<rootDir>/packages/*/test/**/*.int.test.ts']),
    project('conformance', ['<rootDir>/test/conformance/**/*.test.ts']),
    // The next three need a running stack: scripts/test.mjs starts one and names it in the environment.
    project('e2e', ['<rootDir>/test/e2e/**/*.test.ts']),
    project('corpus', ['<rootDir>/test/corpus/**/*.test.ts']),
    project('faults', ['<rootDir>/test/faults/**/*.test.ts']),
  ],
};
