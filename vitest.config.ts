import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    env: { NO_COLOR: '1' },
    // The default leaves one core alone, which on two is half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/load-bearing/**'],
          testTimeout: 120_000,
          // A database in the process takes seconds to start where others work beside it.
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // Takes minutes: a run of its own, which `npm test` leaves out.
          name: 'load-bearing',
          include: ['test/load-bearing/**/*.test.ts'],
          testTimeout: 900_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Drives the built program, so the build comes first; once per run, and only when these tests run.
          globalSetup: ['test/e2e/build.ts'],
          testTimeout: 300_000,
          // After the unit tests: a broken part is told before the programs that are made of it.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
