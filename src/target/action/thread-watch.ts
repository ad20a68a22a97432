/** A thread that gives no sign of life for so long is taken to be held for ever. */
export const HELD_MS = 10_000;
const TICK_MS = 1_000;

/** Asks a thread for a sign of life once a second while something is awaited from it, and only then. */
export class ThreadWatch {
  readonly #ask: () => void;
  readonly #held: () => void;
  #awaited = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Ticks without an answer; undefined: nothing was asked. */
  #unanswered: number | undefined;

  /** `held` is called once when the thread has not answered for {@link HELD_MS}. */
  constructor(ask: () => void, held: () => void) {
    this.#ask = ask;
    this.#held = held;
  }

  /** Something is awaited, until the function it gives is called. */
  begin(): () => void {
    if (this.#awaited++ === 0) this.#next();
    let isEnded = false;
    return () => {
      if (isEnded) return;
      isEnded = true;
      if (--this.#awaited === 0) this.end();
    };
  }

  answered(): void {
    this.#unanswered = undefined;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#unanswered = undefined;
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.#tick();
    }, TICK_MS);
  }

  /** Counted by ticks: while the whole program was stopped, or the machine slept, the thread could not answer. */
  #tick(): void {
    if (this.#unanswered === undefined) {
      this.#unanswered = 0;
      this.#ask();
    } else if (++this.#unanswered * TICK_MS >= HELD_MS) {
      this.#held();
      return;
    }
    this.#next();
  }
}
