import { bundledModules } from './scripts/packages.mjs';

/** Real parts only: one mongod for the whole run, a database of its own for every test file. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/schematics'],
  // What has no short form is tried in a soak only.
  testMatch: [
    '**/*.spec.ts',
    '**/*.e2e-spec.ts',
    ...(Number(process.env['SOAK']) >= 1 ? ['**/*.soak-spec.ts'] : []),
  ],
  extensionsToTreatAsEsm: ['.ts'],
  // To load the packages from one file takes a tenth of the time that every file of tests needs for it otherwise.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1', ...bundledModules() },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2023',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFiles: ['<rootDir>/test/support/setup.ts'],
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  testTimeout: 30_000,
  // More than processors: tests wait for processes, browsers and time about as much as they compute.
  maxWorkers: 3,
  // A worker keeps the modules of every file that it has run (they are ECMAScript modules): begin anew in time.
  workerIdleMemoryLimit: '800MB',
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'json-summary', 'lcov'],
  collectCoverageFrom: ['src/**/*.ts', 'schematics/**/*.ts', '!src/**/*.spec.ts', '!src/**/fixtures/**'],
  coverageThreshold: { global: { lines: 95 } },
};
