import { expect, test } from 'vitest';
import { restartPauseMs } from '../../../src/target/tunnel/tunnel-process.ts';

test('pauses between processes double, up to a minute or the retryDelay if that is longer', () => {
  expect([1, 2, 3, 4, 99].map((failures) => restartPauseMs(10_000, failures))).toEqual([
    10_000, 20_000, 40_000, 60_000, 60_000,
  ]);
  expect([1, 2].map((failures) => restartPauseMs(90_000, failures))).toEqual([90_000, 90_000]);
});
