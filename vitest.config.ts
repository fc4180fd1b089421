import { defineConfig } from 'vitest/config';

// Unit and property tests, and the crash checker's, run side by side on every core: vitest by itself would leave one of
// two idle. Tests that start daemons, simulators or servers come after them, since they wait for real time, and few at
// once: mostly they sleep, but one that gets no core in time fails for no fault of the program's.
const everyCore = '100%';
const common = {
  env: { LC_ALL: 'C', TZ: process.env['TZ'] ?? 'UTC', NO_COLOR: '1' },
  setupFiles: ['test/support/setup.ts'],
  // A second, which is what it would be, is little on a machine with other work.
  expect: { poll: { timeout: 15_000 } },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/property/**/*.test.ts'],
          maxWorkers: everyCore,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          ...common,
          name: 'daemon',
          include: ['test/daemon/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The crash checker: no clock, disk or network but its own, so its files share the cores.
        test: {
          ...common,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          maxWorkers: everyCore,
          testTimeout: 1_200_000,
        },
      },
    ],
  },
});
