import type { Observable, OperatorFunction, SchedulerLike, Subscription } from 'rxjs';
import { Observable as NewObservable, asyncScheduler } from 'rxjs';

/** Read at every step: they may change while it runs, and count from the next backlog on. */
export interface SettleOptions {
  /** The window closes this long after the last event, and at latest so long after the first; 0 closes it at once. */
  readonly quietMs: number;
  readonly maxMs: number;
  /** This many ripe names close it at once. */
  readonly maxEntries: number;
  readonly scheduler?: SchedulerLike;
}

/** What there is to deliver now. Every one replaces the one before. */
export interface Backlog {
  /** Names that may be delivered now. None: the window is closed without delivery. */
  readonly ripe: number;
  /** True when an event came that opens or extends the window. */
  readonly fresh: boolean;
  /** Deliver at this time of the scheduler at latest, even if nothing is ripe: a held-back name or a retry falls due. */
  readonly dueMs?: number | undefined;
}

/**
 * Tells when to deliver. Shape: backlog in, the time of the close out. While `busy$` (which must give its value on
 * subscription) is true nothing is emitted; what fell due meanwhile is emitted right after. Every emission closes the
 * window: the subscriber takes what is ripe, becomes busy if it delivers, and gives the new backlog.
 * Errors and completion: passed on at once; an open window is dropped. Memory: three numbers.
 */
export function settle(
  options: SettleOptions,
  busy$: Observable<boolean>,
): OperatorFunction<Backlog, number> {
  const { scheduler = asyncScheduler } = options;
  return (backlog$) =>
    new NewObservable<number>((subscriber) => {
      let ripe = 0;
      let firstMs: number | undefined;
      let lastMs = 0;
      let deadlineMs = Infinity;
      let busy = false;
      let timer: Subscription | undefined;

      const closeMs = (): number => {
        if (firstMs === undefined) return deadlineMs;
        if (ripe >= options.maxEntries) return -Infinity;
        return Math.min(deadlineMs, lastMs + options.quietMs, firstMs + options.maxMs);
      };
      const arm = (): void => {
        timer?.unsubscribe();
        timer = undefined;
        const atMs = closeMs();
        if (busy || atMs === Infinity) return;
        const waitMs = atMs - scheduler.now();
        if (waitMs <= 0) close();
        else timer = scheduler.schedule(arm, waitMs);
      };
      const close = (): void => {
        firstMs = undefined;
        ripe = 0;
        deadlineMs = Infinity;
        subscriber.next(scheduler.now());
      };

      subscriber.add(() => timer?.unsubscribe());
      subscriber.add(
        busy$.subscribe((now) => {
          busy = now;
          arm();
        }),
      );
      subscriber.add(
        backlog$.subscribe({
          next: (backlog) => {
            ripe = backlog.ripe;
            deadlineMs = backlog.dueMs ?? Infinity;
            if (ripe === 0) firstMs = undefined;
            else if (backlog.fresh || firstMs === undefined) {
              lastMs = scheduler.now();
              firstMs ??= lastMs;
            }
            arm();
          },
          error: (error) => {
            subscriber.error(error);
          },
          complete: () => {
            subscriber.complete();
          },
        }),
      );
    });
}
