import { setTimeout as pause } from 'node:timers/promises';

/** Looks every few milliseconds whether `condition` holds; rejects with what `missing` says when it does not before the deadline. */
export async function until(
  condition: () => boolean,
  deadlineMs: number,
  everyMs: number,
  missing: () => string,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${missing()} after ${deadlineMs} ms`);
    await pause(everyMs);
  }
}
