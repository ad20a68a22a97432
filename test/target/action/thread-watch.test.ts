import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ThreadWatch } from '../../../src/target/action/thread-watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(answers: () => boolean): { watch: ThreadWatch; asked: () => number; held: () => number } {
  let [asked, held] = [0, 0];
  const watch: ThreadWatch = new ThreadWatch(
    () => {
      asked++;
      if (answers()) watch.answered();
    },
    () => held++,
  );
  return { watch, asked: () => asked, held: () => held };
}

test('a thread is asked only while something is awaited from it, not at once, and no timer is left', () => {
  const { watch, asked, held } = watched(() => true);
  vi.advanceTimersByTime(60_000);
  const [first, second] = [watch.begin(), watch.begin()];
  vi.advanceTimersByTime(900);
  expect(asked()).toBe(0);
  vi.advanceTimersByTime(30_000);
  expect(asked()).toBe(30);
  first();
  first();
  vi.advanceTimersByTime(10_000);
  expect(asked()).toBe(40);
  second();
  expect(vi.getTimerCount()).toBe(0);
  expect(held()).toBe(0);
});

test('one that does not answer for 10 s is held, once', () => {
  let answers = true;
  const { watch, asked, held } = watched(() => answers);
  watch.begin();
  vi.advanceTimersByTime(20_000);
  answers = false;
  vi.advanceTimersByTime(10_900);
  expect(held()).toBe(0);
  vi.advanceTimersByTime(100);
  expect(held()).toBe(1);
  expect(asked()).toBe(21);
  vi.advanceTimersByTime(60_000);
  expect(held()).toBe(1);
});

test('a late answer counts, and so does a time in which the whole program stood still', () => {
  const { watch, held } = watched(() => false);
  watch.begin();
  vi.advanceTimersByTime(10_000);
  watch.answered();
  vi.advanceTimersByTime(10_000);
  expect(held()).toBe(0);
  watch.answered();
  // The clock has gone on, the timer fires once.
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(1_000);
  expect(held()).toBe(0);
});
