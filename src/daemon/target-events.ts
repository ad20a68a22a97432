import {
  firstValueFrom,
  lastValueFrom,
  Observable,
  ReplaySubject,
  Subject,
  Subscription,
  takeUntil,
} from 'rxjs';
import type { EventBatch } from '../model/event-batch.ts';
import { inDoubt, rootRecords } from '../model/in-doubt.ts';
import type { SourceEvents } from './source-events.ts';

/** The events of one target, which may go on with those of another watch of the same source. */
export class TargetEvents implements SourceEvents {
  /** For one subscriber, once. */
  readonly batches$: Observable<EventBatch>;
  readonly #out = new Subject<EventBatch>();
  readonly #ended = new ReplaySubject<void>(1);
  #current: SourceEvents;
  #following = new Subscription();

  constructor(first: SourceEvents) {
    this.#current = first;
    this.batches$ = new Observable((subscriber) => {
      subscriber.add(this.#out.subscribe(subscriber));
      this.#following = this.#follow(this.#current, () => (batch) => batch);
      subscriber.add(() => {
        this.#following.unsubscribe();
        this.#ended.next();
      });
    });
  }

  readonly barrier = (): Observable<unknown> =>
    new Observable((subscriber) => {
      let isOver = false;
      subscriber.add(() => {
        isOver = true;
      });
      const pass = async (): Promise<void> => {
        for (;;) {
          const asked = this.#current;
          try {
            await firstValueFrom(asked.barrier());
          } catch (error) {
            // The watch that was left is closed.
            if (isOver || asked === this.#current) throw error;
          }
          // What it promises holds for the watch that was asked.
          if (isOver || asked === this.#current) return;
        }
      };
      pass().then(
        () => {
          subscriber.next(undefined);
          subscriber.complete();
        },
        (error: unknown) => {
          subscriber.error(error);
        },
      );
    });

  /** Tells the target of something beside what is seen. */
  tell(batch: EventBatch): void {
    this.#out.next(batch);
  }

  /** Goes on with events of the same watch, filtered in another way. */
  change(next: SourceEvents): void {
    const before = this.#following;
    this.#following = this.#follow(next, () => (batch) => batch);
    this.#current = next;
    before.unsubscribe();
  }

  /**
   * Goes on with another watch that has just been opened, and lets go of the one before when nothing can be missed any
   * more: after the first scan of the new one. What both tell is told once as it is and once as a doubt, since what was
   * born or moved once must not be so again. Resolves when that is over; at once when the target has ended.
   */
  async moveTo(next: SourceEvents): Promise<void> {
    let seen: (batch: EventBatch) => EventBatch = rootRecords;
    const before = this.#following;
    const after = this.#follow(next, () => seen);
    this.#following = new Subscription();
    this.#following.add(before);
    this.#following.add(after);
    const passed = (events: SourceEvents): Promise<unknown> =>
      lastValueFrom(events.barrier().pipe(takeUntil(this.#ended)), { defaultValue: undefined });
    await passed(next);
    seen = inDoubt;
    await passed(this.#current);
    this.#current = next;
    before.unsubscribe();
    await passed(next);
    seen = (batch) => batch;
  }

  #follow(events: SourceEvents, seen: () => (batch: EventBatch) => EventBatch): Subscription {
    return events.batches$.subscribe({
      next: (batch) => {
        this.#out.next(seen()(batch));
      },
      error: (error) => {
        this.#out.error(error);
      },
      complete: () => {
        if (events === this.#current) this.#out.complete();
      },
    });
  }
}
