/** The tests that `npm run mutants` asks: those of the gate and of signatures, without projects and without `../shared`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    env: { LC_ALL: 'C', TZ: 'UTC', NO_COLOR: '1' },
    setupFiles: ['test/support/setup.ts'],
    include: ['test/unit/core/sshsig/**/*.test.ts', 'test/unit/core/gate/**/*.test.ts'],
    testTimeout: 30_000,
  },
});
