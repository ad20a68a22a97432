import { defineConfig } from 'vitest/config';

/**
 * `unit` runs in virtual time or without the outside world; `e2e` drives real trees, rsync, sshd and signals, one file
 * at a time and after the unit tests, so that nothing else of ours uses the machine meanwhile.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
