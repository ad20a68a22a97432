import { asyncScheduler, Observable, type SchedulerLike, type Subscription } from 'rxjs';
import { crontabTimes } from '../config/crontab.ts';

export { crontabProblem } from '../config/crontab.ts';

/** The clock may be set, and a timer stands still while the machine sleeps: so long at most until the next look at it. */
const LOOK_MS = 60_000;

/**
 * Emits at each time that one of these texts of cron names, by the clock of the machine. Times that were slept through are
 * one. Never completes.
 */
export function crontabDue(
  crontab: readonly string[],
  scheduler: SchedulerLike = asyncScheduler,
): Observable<void> {
  return new Observable((subscriber) => {
    if (crontab.length === 0) return;
    const next = crontabTimes(crontab);
    let seenMs = scheduler.now();
    let timer: Subscription | undefined;
    const wait = (): void => {
      timer = scheduler.schedule(look, Math.min(LOOK_MS, next(seenMs) - seenMs));
    };
    const look = (): void => {
      const nowMs = scheduler.now();
      const isDue = next(seenMs) <= nowMs;
      seenMs = nowMs;
      wait();
      if (isDue) subscriber.next();
    };
    wait();
    return () => timer?.unsubscribe();
  });
}
