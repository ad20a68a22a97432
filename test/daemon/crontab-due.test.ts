import { VirtualAction, VirtualTimeScheduler } from 'rxjs';
import { expect, test } from 'vitest';
import { crontabDue } from '../../src/daemon/crontab-due.ts';

const HOUR_MS = 3_600_000;

/**
 * The times, by the clock that is shown, at which something was due until `untilMs` of real time. `clock` gives what is
 * shown at a real time.
 */
function dueTimes(
  crontab: readonly string[],
  untilMs: number,
  clock: (realMs: number) => number = (realMs) => realMs,
): readonly number[] {
  const scheduler = new VirtualTimeScheduler(VirtualAction, untilMs);
  scheduler.now = () => clock(scheduler.frame);
  const times: number[] = [];
  const subscription = crontabDue(crontab, scheduler).subscribe(() => times.push(scheduler.now()));
  scheduler.flush();
  subscription.unsubscribe();
  return times;
}

/** All whole seconds of a span of the clock that fulfil this. */
function seconds(untilMs: number, isWanted: (at: Date) => boolean, fromMs = 0): readonly number[] {
  const all = Array.from({ length: (untilMs - fromMs) / 1000 }, (_, index) => fromMs + (index + 1) * 1000);
  return all.filter((ms) => isWanted(new Date(ms)));
}

const isAtMinute =
  (...minutes: readonly number[]) =>
  (at: Date): boolean =>
    minutes.includes(at.getMinutes()) && at.getSeconds() === 0;

test('it is due each time that is named, and not before', () => {
  expect(dueTimes(['* * * * * *'], 5_000)).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
  expect(dueTimes(['15 * * * *'], 3 * HOUR_MS)).toEqual(seconds(3 * HOUR_MS, isAtMinute(15)));
  const noon = (at: Date): boolean => isAtMinute(0)(at) && at.getHours() === 12;
  expect(dueTimes(['0 12 * * *'], 50 * HOUR_MS)).toEqual(seconds(50 * HOUR_MS, noon));
});

test('a time that several texts name is due once', () => {
  const times = dueTimes(['15,45 * * * *', '0 15 * * * *', '30 * * * *'], 2 * HOUR_MS);
  expect(times).toEqual(seconds(2 * HOUR_MS, isAtMinute(15, 30, 45)));
});

test('nothing is due without a crontab', () => {
  expect(dueTimes([], HOUR_MS)).toEqual([]);
});

test('times that the machine slept through are one, as soon as it is awake', () => {
  const awakeMs = 90_000;
  const times = dueTimes(['* * * * *'], 5 * 60_000, (ms) => (ms < awakeMs ? ms : ms + 3 * HOUR_MS));
  const [first, second, ...later] = times;
  expect(first).toBe(60_000);
  expect(second).toBe(120_000 + 3 * HOUR_MS);
  expect(later).toEqual([1, 2, 3].map((minutes) => 120_000 + 3 * HOUR_MS + minutes * 60_000));
});

test('a clock that is set back is followed within a minute', () => {
  const setMs = 90_000;
  const times = dueTimes(['* * * * *'], 4 * 60_000, (ms) => (ms < setMs ? ms + 3 * HOUR_MS : ms + 30_000));
  expect(times).toEqual([60_000 + 3 * HOUR_MS, 180_000, 240_000]);
});

test('nothing is due any more once nobody listens', () => {
  const scheduler = new VirtualTimeScheduler(VirtualAction, 10_000);
  let count = 0;
  const subscription = crontabDue(['* * * * * *'], scheduler).subscribe(() => {
    count++;
    if (count === 3) subscription.unsubscribe();
  });
  scheduler.flush();
  expect(count).toBe(3);
});
