import { thrownText } from '../../model/error-origin.ts';
import { isPromiseLike } from '../../model/promise-like.ts';

/** What a call of a function of the user's came to. */
export type CallResult<T> =
  { readonly kind: 'returned'; readonly value: T } | { readonly kind: 'failed'; readonly message: string };

/** After so long others in this thread get their turn between two calls. */
const TURN_MS = 50;

/**
 * Calls functions of the user's one at a time, and keeps what goes wrong in them from going further: one that throws, and
 * one whose promise is not settled within the limit, is a result.
 */
export class ScriptCalls {
  readonly #limitMs: number;
  readonly #signal: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();
  /** When others had their turn. */
  #turnMs = 0;

  /** `limitMs` 0: promises may take for ever. A call under way fails as soon as the signal, or its own, is aborted. */
  constructor(limitMs: number, signal: AbortSignal) {
    this.#limitMs = limitMs;
    this.#signal = signal;
  }

  call<T>(name: string, run: () => T | PromiseLike<T>, signal?: AbortSignal): Promise<CallResult<T>> {
    const result = this.#last.then(() => this.#run(name, run, signal));
    this.#last = result;
    return result;
  }

  async #run<T>(name: string, run: () => T | PromiseLike<T>, signal?: AbortSignal): Promise<CallResult<T>> {
    if (performance.now() - this.#turnMs > TURN_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#turnMs = performance.now();
    }
    try {
      const value = run();
      if (!isPromiseLike(value)) return { kind: 'returned', value };
      const ending = signal === undefined ? this.#signal : AbortSignal.any([this.#signal, signal]);
      return await this.#settled(name, value, ending);
    } catch (error) {
      return { kind: 'failed', message: `${name} threw: ${thrownText(error)}` };
    }
  }

  async #settled<T>(name: string, promise: PromiseLike<T>, signal: AbortSignal): Promise<CallResult<T>> {
    const done = Promise.resolve(promise).then(
      (value): CallResult<T> => ({ kind: 'returned', value }),
      (error: unknown): CallResult<T> => ({
        kind: 'failed',
        message: `${name} failed: ${thrownText(error)}`,
      }),
    );
    let timer: NodeJS.Timeout | undefined;
    let stop = (): void => undefined;
    const given = new Promise<CallResult<T>>((resolve) => {
      stop = (): void => {
        resolve({ kind: 'failed', message: `${name} was not done when it was to end` });
      };
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop);
      if (this.#limitMs > 0)
        timer = setTimeout(() => {
          const message = `${name} was not done after ${this.#limitMs / 1000} s and is waited for no longer`;
          resolve({ kind: 'failed', message });
        }, this.#limitMs);
    });
    try {
      return await Promise.race([done, given]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }
}
