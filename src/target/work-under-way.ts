import type { DeliveryContext } from './target.ts';

/** What a target is doing, all of which ends with it. Of what is done nothing is kept. */
export class WorkUnderWay {
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /** Begins `work` in a context that {@link close} ends too. Gives what `work` gives. */
  run<T>({ signal, report }: DeliveryContext, work: (context: DeliveryContext) => Promise<T>): Promise<T> {
    const running = work({ signal: AbortSignal.any([signal, this.#closing.signal]), report });
    this.#running.add(running);
    const done = (): void => {
      this.#running.delete(running);
    };
    running.then(done, done);
    return running;
  }

  /** Ends all that is under way and waits for it, whatever comes of it. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
