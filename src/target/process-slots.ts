/** Gives a slot back. Idempotent. */
export type Release = () => void;

/** So many processes at a time for all targets together: those who ask first get one first. */
export class ProcessSlots {
  readonly #waiting = new Set<() => void>();
  #count: number;
  #taken = 0;

  /** `count` is at least 1; Infinity is no limit. */
  constructor(count: number) {
    this.#count = count;
  }

  /** So many from now on. Where there are fewer, those that are taken already stay taken. */
  resize(count: number): void {
    this.#count = count;
    this.#next();
  }

  /** Resolves when a slot is free; with undefined as soon as the signal is aborted before. */
  acquire(signal: AbortSignal): Promise<Release | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const abort = (): void => {
        this.#waiting.delete(take);
        resolve(undefined);
      };
      const take = (): void => {
        signal.removeEventListener('abort', abort);
        resolve(this.#take());
      };
      if (this.#taken < this.#count) {
        resolve(this.#take());
        return;
      }
      this.#waiting.add(take);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  #take(): Release {
    this.#taken++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken--;
      this.#next();
    };
  }

  #next(): void {
    for (const next of this.#waiting) {
      if (this.#taken >= this.#count) return;
      this.#waiting.delete(next);
      next();
    }
  }
}

/**
 * The slots of one delivery. It has one from its beginning to its end, so that what it lists is not old when its turn
 * comes; that one serves its runs one after the other, and those that could go on at the same time wait for it or for
 * further ones. No delivery waits for another while it holds all that it needs to go on.
 */
export class DeliverySlots {
  readonly #slots: ProcessSlots;
  readonly #own: Release;
  readonly #waiting = new Set<() => void>();
  #isOwnInUse = false;

  private constructor(slots: ProcessSlots, own: Release) {
    this.#slots = slots;
    this.#own = own;
  }

  /** Waits for the first slot; undefined as soon as the signal is aborted before. */
  static async begin(slots: ProcessSlots, signal: AbortSignal): Promise<DeliverySlots | undefined> {
    const own = await slots.acquire(signal);
    return own === undefined ? undefined : new DeliverySlots(slots, own);
  }

  /** For one run; undefined as soon as the signal is aborted before there is one. */
  acquire(signal: AbortSignal): Promise<Release | undefined> {
    if (!this.#isOwnInUse) return Promise.resolve(this.#useOwn());
    const found = new AbortController();
    return new Promise((resolve) => {
      const takeOwn = (): void => {
        found.abort();
        resolve(this.#useOwn());
      };
      this.#waiting.add(takeOwn);
      void this.#slots.acquire(AbortSignal.any([signal, found.signal])).then((further) => {
        if (this.#waiting.delete(takeOwn)) resolve(further);
        else further?.();
      });
    });
  }

  /** No run is under way any more. */
  end(): void {
    this.#own();
  }

  #useOwn(): Release {
    this.#isOwnInUse = true;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#isOwnInUse = false;
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      next();
    };
  }
}
