/** What a call of a function of the user's came to. */
export type CallResult<T> =
  { readonly kind: 'returned'; readonly value: T } | { readonly kind: 'failed'; readonly message: string };

/**
 * Calls functions of the user's one at a time, and keeps what goes wrong in them from going further: one that throws, and
 * one whose promise is not settled within the limit, is a result. A function that never returns cannot be contained: it
 * holds the thread.
 */
export class ScriptCalls {
  readonly #limitMs: number;
  readonly #signal: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();

  /** `limitMs` 0: promises may take for ever. A call under way fails as soon as the signal, or its own, is aborted. */
  constructor(limitMs: number, signal: AbortSignal) {
    this.#limitMs = limitMs;
    this.#signal = signal;
  }

  call<T>(name: string, run: () => T | PromiseLike<T>, signal?: AbortSignal): Promise<CallResult<T>> {
    const ending = signal === undefined ? this.#signal : AbortSignal.any([this.#signal, signal]);
    const result = this.#last.then(() => this.#run(name, run, ending));
    this.#last = result;
    return result;
  }

  async #run<T>(name: string, run: () => T | PromiseLike<T>, signal: AbortSignal): Promise<CallResult<T>> {
    try {
      const value = run();
      if (!isPromiseLike(value)) return { kind: 'returned', value };
      return await this.#settled(name, value, signal);
    } catch (error) {
      return { kind: 'failed', message: `${name} threw: ${messageOf(error)}` };
    }
  }

  async #settled<T>(name: string, promise: PromiseLike<T>, signal: AbortSignal): Promise<CallResult<T>> {
    const done = Promise.resolve(promise).then(
      (value): CallResult<T> => ({ kind: 'returned', value }),
      (error: unknown): CallResult<T> => ({ kind: 'failed', message: `${name} failed: ${messageOf(error)}` }),
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

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** What was thrown, in one line, with the place in the user's file if there is one. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  const place = /^\s+at .*?\(?((?:file:\/\/)?\/[^\s()]+:\d+:\d+)\)?$/m.exec(error.stack ?? '')?.[1];
  const text = oneLine(error.message === '' ? error.name : error.message);
  return place === undefined ? text : `${text} (${place.replace('file://', '')})`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
