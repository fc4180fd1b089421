// `npm run mutants`, at night: changes the gate and the signature code in small ways, one after the other, and looks for
// changes that no test notices. Those that are left and why: test/mutants.md. Hours on two cores; a part of it:
// `npm run mutants -- --mutate src/core/gate/decide.ts`.
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/tools/mutants-vitest.ts', related: false },
  mutate: ['src/core/sshsig/*.ts', 'src/core/gate/*.ts'],
  coverageAnalysis: 'perTest',
  // What runs while a module is loaded is tried by every test: it would cost more than all the rest.
  ignoreStatic: true,
  concurrency: 1,
  timeoutMS: 60_000,
  thresholds: { high: 95, low: 90, break: 90 },
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { logTests: false },
};
