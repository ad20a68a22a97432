import { defineConfig } from 'vitest/config';

/** What a test waits for may take long on a slow, busy machine; to fail late costs nothing. */
const expectOptions = { poll: { timeout: 60_000 } };

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
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect: expectOptions,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          expect: expectOptions,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
