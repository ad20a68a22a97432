/** Questions about this machine that many targets ask at their start: one of them asks, the others get what it was told. */
export class AskedOnce<T> {
  readonly #isKept: (answer: T) => boolean;
  readonly #answers = new Map<string, Promise<T>>();

  /** `isKept` tells an answer that counts for all from one that says something of its asker alone. */
  constructor(isKept: (answer: T) => boolean) {
    this.#isKept = isKept;
  }

  /**
   * The answer for `key`; `ask` is called where there is none yet. One that is not kept, and what `ask` throws, is for its
   * asker alone: whoever waits for it asks in turn, at once when `signal` says that it is to end.
   */
  async get(key: string, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    while (!signal.aborted) {
      const asked = this.#answers.get(key);
      if (asked === undefined) break;
      const answer = await asked.then(
        (value) => (this.#isKept(value) ? { value } : undefined),
        () => undefined,
      );
      if (answer !== undefined) return answer.value;
    }
    return signal.aborted ? ask() : await this.#ask(key, ask);
  }

  async #ask(key: string, ask: () => Promise<T>): Promise<T> {
    let isKept = false;
    try {
      const asked = ask();
      this.#answers.set(key, asked);
      const answer = await asked;
      isKept = this.#isKept(answer);
      return answer;
    } finally {
      if (!isKept) this.#answers.delete(key);
    }
  }
}
