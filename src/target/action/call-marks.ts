import { isPromiseLike } from '../../model/promise-like.ts';

/**
 * Notes which function of the user's is under way, in memory that another thread can read while this one does nothing
 * but run it. Calls are one at a time; one whose promise is waited for no longer counts until the next begins.
 */
export class CallMarks {
  readonly #cell: Int32Array;
  readonly #underWay = new Set<PromiseLike<unknown>>();
  #calls = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#cell = new Int32Array(memory);
  }

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  }

  /** The `id`, above 0, of the function under way; 0 if there is none. */
  static underWay(memory: SharedArrayBuffer): number {
    return Atomics.load(new Int32Array(memory), 0);
  }

  /** The same function, noted as `id` from its call until it has returned and its promise is settled. */
  marked(run: (...values: unknown[]) => unknown, id: number): (...values: unknown[]) => unknown {
    return (...values) => {
      const call = ++this.#calls;
      const end = (): void => {
        if (call === this.#calls) Atomics.store(this.#cell, 0, 0);
      };
      Atomics.store(this.#cell, 0, id);
      let value: unknown;
      try {
        value = run(...values);
      } catch (error) {
        end();
        throw error;
      }
      if (isPromiseLike(value)) this.#follow(value, end);
      else end();
      return value;
    };
  }

  /** Resolves when no promise of a function is open. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  #follow(promise: PromiseLike<unknown>, end: () => void): void {
    const done = (): void => {
      this.#underWay.delete(promise);
      end();
    };
    this.#underWay.add(promise);
    promise.then(done, done);
  }
}
