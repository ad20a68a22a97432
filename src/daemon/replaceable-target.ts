import type { Batch } from '../model/batch.ts';
import type { Failed, Outcome } from '../model/outcome.ts';
import { withMissedMoves } from '../target/move/missed-moves.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target/target.ts';

const ENDED_EARLY: Failed = { kind: 'failed', scope: 'batch', message: 'ended before it was begun' };

/**
 * The target of a mirror, which may be replaced by one with other options. A delivery under way is finished by the
 * target it was begun with; the next one takes its place as soon as there is none.
 */
export class ReplaceableTarget implements Target {
  #current: Target;
  #next: { readonly target: Target; readonly onReplaced: () => void } | undefined;
  #underWay = 0;
  #isBegun = false;
  readonly #waiting = new Set<() => void>();
  #closing: Promise<unknown> = Promise.resolve();

  constructor(target: Target) {
    this.#current = target;
  }

  get name(): string {
    return this.#current.name;
  }

  get capabilities(): TargetCapabilities {
    return this.#current.capabilities;
  }

  prepare(context: DeliveryContext): Promise<void> {
    return this.#current.prepare(context);
  }

  begin(): void {
    this.#isBegun = true;
    this.#current.begin?.();
  }

  /** `next` has been prepared. `onReplaced` is called once it is the one that is delivered to, at once if that can be. */
  replaceBy(next: Target, onReplaced: () => void): void {
    if (this.#next !== undefined) this.#close(this.#next.target);
    this.#next = { target: next, onReplaced };
    this.#settle();
  }

  /** Beside a large file that is under way batches go on; no further large one is begun while it is to be replaced. */
  async deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    while (batch.large === 'only' && this.#next !== undefined && !context.signal.aborted)
      await this.#change(context.signal);
    if (context.signal.aborted) return ENDED_EARLY;
    this.#underWay++;
    try {
      await this.#closing;
      return await this.#current.deliver(this.#possible(batch), context);
    } finally {
      this.#underWay--;
      this.#settle();
    }
  }

  /** Resolves as soon as no delivery is under way. */
  async idle(): Promise<void> {
    while (this.#underWay > 0) await this.#change();
  }

  async close(): Promise<void> {
    if (this.#next !== undefined) this.#close(this.#next.target);
    this.#next = undefined;
    this.#close(this.#current);
    await this.#closing;
  }

  /** A batch planned for the target before may hold moves. */
  #possible(batch: Batch): Batch {
    if (this.capabilities.moves || batch.moves.length === 0) return batch;
    return { ...withMissedMoves(batch, batch.moves), moves: [] };
  }

  #settle(): void {
    const next = this.#next;
    if (next !== undefined && this.#underWay === 0) {
      this.#next = undefined;
      this.#close(this.#current);
      this.#current = next.target;
      if (this.#isBegun) next.target.begin?.();
      next.onReplaced();
    }
    for (const tell of [...this.#waiting]) tell();
  }

  #close(target: Target): void {
    this.#closing = Promise.all([this.#closing, target.close()]);
  }

  /** Resolves when a delivery has ended or the target was replaced, or when the signal is aborted. */
  #change(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal?.addEventListener('abort', done);
    });
  }
}
