import type { CommandEvent } from '../command/command-event.ts';
import type { NumberedEvent } from './engine-messages.ts';

/** So many events go to another thread at a time. */
const MAX_AT_ONCE = 1_000;

/** The events of a delivery on their way to another thread, each with a number. */
export class SentEvents {
  readonly #events: AsyncIterator<CommandEvent> | Iterator<CommandEvent>;
  /** Those of which nothing was heard yet. */
  readonly #open = new Map<number, CommandEvent>();
  #last = 0;

  constructor(events: Iterable<CommandEvent> | AsyncIterable<CommandEvent>) {
    this.#events =
      Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
  }

  /** The next ones in their order. Rejects as their source does. */
  async next(): Promise<{ readonly events: readonly NumberedEvent[]; readonly isLast: boolean }> {
    const events: NumberedEvent[] = [];
    while (events.length < MAX_AT_ONCE) {
      const next = await this.#events.next();
      if (next.done === true) return { events, isLast: true };
      const number = ++this.#last;
      this.#open.set(number, next.value);
      events.push({ ...next.value, number });
    }
    return { events, isLast: false };
  }

  get(number: number): CommandEvent | undefined {
    return this.#open.get(number);
  }

  /** The same, for the last time. */
  take(number: number): CommandEvent | undefined {
    const event = this.#open.get(number);
    this.#open.delete(number);
    return event;
  }
}

/** The same events in the other thread, asked for in time. */
export class ReceivedEvents implements AsyncIterableIterator<NumberedEvent> {
  readonly #ask: () => void;
  readonly #waiting: NumberedEvent[][] = [];
  #now: readonly NumberedEvent[] = [];
  #at = 0;
  #isAsked = false;
  #isLast = false;
  #arrived: () => void = () => undefined;

  /** `ask` is called for each {@link received}. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  received(events: readonly NumberedEvent[], isLast: boolean): void {
    this.#isAsked = false;
    this.#isLast = isLast;
    this.#waiting.push([...events]);
    this.#arrived();
  }

  async next(): Promise<IteratorResult<NumberedEvent, undefined>> {
    for (;;) {
      const event = this.#now[this.#at++];
      if (event !== undefined) return { done: false, value: event };
      const next = this.#waiting.shift();
      // One portion is under way while another is worked at.
      if (!this.#isLast && !this.#isAsked) {
        this.#isAsked = true;
        this.#ask();
      }
      if (next !== undefined) {
        this.#now = next;
        this.#at = 0;
      } else if (this.#isLast) return { done: true, value: undefined };
      else
        await new Promise<void>((resolve) => {
          this.#arrived = resolve;
        });
    }
  }
}
