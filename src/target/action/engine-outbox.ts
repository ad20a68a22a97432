import type { CommandVerdict } from '../command/run-command.ts';
import type { FromEngine } from './engine-messages.ts';

/** So much is sent without waiting for the end of a turn, and so many sends are made in one. */
const [MAX_WAITING, MAX_SENT_AT_ONCE] = [1_000, 100];

/** Messages on their way to the main thread: those of one turn of the event loop go together. */
export class EngineOutbox {
  readonly #send: (messages: readonly FromEngine[]) => void;
  #messages: FromEngine[] = [];
  #waiting = 0;
  #sentAtOnce = 0;
  #isDue = false;

  constructor(send: (messages: readonly FromEngine[]) => void) {
    this.#send = send;
  }

  post(message: FromEngine): void {
    this.#messages.push(message);
    this.#count();
  }

  /** Sent before anything can hold the thread; of very many in one turn the last ones are not. */
  postNow(message: FromEngine): void {
    this.post(message);
    if (++this.#sentAtOnce <= MAX_SENT_AT_ONCE) this.flush();
  }

  settled(feed: number, number: number, verdict: CommandVerdict | undefined): void {
    const last = this.#messages.at(-1);
    if (last?.kind === 'settled' && last.feed === feed) last.events.push([number, verdict]);
    else this.#messages.push({ kind: 'settled', feed, events: [[number, verdict]] });
    this.#count();
  }

  flush(): void {
    if (this.#messages.length > 0) this.#send(this.#messages);
    this.#messages = [];
    this.#waiting = 0;
  }

  #count(): void {
    if (!this.#isDue) {
      this.#isDue = true;
      setImmediate(() => {
        this.#isDue = false;
        this.#sentAtOnce = 0;
        this.flush();
      });
    }
    // A loop that tells without end is to fill this thread's memory, not that of the program.
    if (++this.#waiting < MAX_WAITING || this.#sentAtOnce > MAX_SENT_AT_ONCE) return;
    this.#sentAtOnce++;
    this.flush();
  }
}
