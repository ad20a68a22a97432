import { Worker } from 'node:worker_threads';
import { thrownText } from '../../model/error-origin.ts';
import type { CommandEvent } from '../command/command-event.ts';
import { CallMarks } from './call-marks.ts';
import type { EngineThreadData, FromEngine, ToEngine } from './engine-messages.ts';
import type { EngineHost, EngineSettings, ScriptEngine, TakenEvents } from './engine-options.ts';
import { endThread } from './end-thread.ts';
import { ENDED, stopped } from './event-feed.ts';
import { HELD_MS, ThreadWatch } from './thread-watch.ts';
import { SentEvents } from './told-events.ts';

/** A thread that is told to close has so long for it. */
const CLOSING_MS = 3_000;

/** What runs the script in a thread of its own. */
export interface ScriptThread {
  /** A program that answers as an `EngineServer`. */
  readonly program: URL;
  /** For whoever makes the script there; is copied. */
  readonly script: unknown;
  /** Of the function that `CallMarks` notes as 1, as 2, ... */
  readonly functionNames: readonly string[];
  /** Called when it was ended and hangs all the same; it must not hold up the end of the program. */
  readonly left: () => void;
}

interface Feed {
  readonly number: number;
  readonly events: SentEvents;
  readonly taken: TakenEvents;
  readonly signal: AbortSignal;
  /** Nothing of it is under way any more. */
  readonly end: (error?: Error) => void;
  /** Of what its events come from: a bug of ours. */
  trouble?: Error;
}

/**
 * An engine in a thread of its own, which is ended when it does not answer while something is awaited from it, and may end
 * itself. Its children are run here: they end with it. What is told it afterwards fails, and stops the target.
 */
export class ThreadEngine implements ScriptEngine {
  readonly #thread: ScriptThread;
  readonly #settings: EngineSettings;
  readonly #host: EngineHost;
  readonly #calls = CallMarks.memory();
  readonly #children = new AbortController();
  readonly #runs = new Set<Promise<void>>();
  readonly #watch: ThreadWatch;
  #worker: Worker | undefined;
  #started: (problem: string | undefined) => void = () => undefined;
  #closed: () => void = () => undefined;
  #isStarted = false;
  #isClosing = false;
  /** Why the thread is no more. */
  #lostBy: string | undefined;
  #feed: Feed | undefined;
  #feeds = 0;

  constructor(thread: ScriptThread, settings: EngineSettings, host: EngineHost) {
    this.#thread = thread;
    this.#settings = settings;
    this.#host = host;
    this.#watch = new ThreadWatch(
      () => {
        this.#post({ kind: 'ping' });
      },
      () => {
        this.#lost(`${this.#culprit()} has not let go of its thread for ${HELD_MS / 1000} s`);
      },
    );
  }

  start(): Promise<string | undefined> {
    const { program, script } = this.#thread;
    const workerData: EngineThreadData = { script, settings: this.#settings, calls: this.#calls };
    const worker = new Worker(program, { workerData });
    this.#worker = worker;
    worker.on('message', (messages: readonly FromEngine[]) => {
      for (const message of messages) this.#take(message);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#lost(isMemory ? `${this.#culprit()} has used up the memory of its thread` : thrownText(error));
    });
    worker.on('exit', (code) => {
      this.#lost(`${this.#culprit()} has ended its thread with exit ${code}`);
    });
    return new Promise((resolve) => {
      this.#started = resolve;
    });
  }

  tell(
    events: Iterable<CommandEvent> | AsyncIterable<CommandEvent>,
    taken: TakenEvents,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#lostBy !== undefined) {
      taken.failed(stopped(this.#lostBy));
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const number = ++this.#feeds;
      const answered = this.#watch.begin();
      const abort = (): void => {
        this.#post({ kind: 'abort', feed: number });
      };
      const end = (error?: Error): void => {
        answered();
        signal.removeEventListener('abort', abort);
        this.#feed = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#feed = { number, events: new SentEvents(events), taken, signal, end };
      this.#post({ kind: 'tell', feed: number });
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
    });
  }

  deliveryBegins(): void {
    this.#post({ kind: 'delivery', isUnderWay: true });
  }

  deliveryEnds(): void {
    this.#post({ kind: 'delivery', isUnderWay: false });
  }

  async close(): Promise<void> {
    this.#children.abort();
    const worker = this.#worker;
    if (worker !== undefined && this.#lostBy === undefined && !this.#isClosing) {
      const closed = new Promise<void>((resolve) => {
        this.#closed = resolve;
      });
      this.#isClosing = true;
      this.#post({ kind: 'close' });
      const timer = setTimeout(this.#closed, CLOSING_MS);
      await closed;
      clearTimeout(timer);
    }
    this.#watch.end();
    await Promise.all(this.#runs);
    await this.#ended();
    this.#started(ENDED.message);
    this.#feed?.taken.failed(ENDED);
    this.#feed?.end();
  }

  async #ended(): Promise<void> {
    if (this.#worker !== undefined) await endThread(this.#worker, this.#thread.left);
  }

  #post(message: ToEngine): void {
    this.#worker?.postMessage(message);
  }

  #take(message: FromEngine): void {
    if (this.#lostBy !== undefined) return;
    const feed =
      this.#feed !== undefined && 'feed' in message && this.#feed.number === message.feed
        ? this.#feed
        : undefined;
    switch (message.kind) {
      case 'ready': {
        const answered = this.#watch.begin();
        const started = this.#started;
        this.#started = (problem) => {
          answered();
          started(problem);
        };
        return;
      }
      case 'started':
        this.#isStarted = true;
        this.#started(message.problem);
        return;
      case 'more':
        if (feed !== undefined) void this.#send(feed);
        return;
      case 'settled':
        for (const [number, verdict] of message.events) {
          const event = feed?.events.take(number);
          if (event !== undefined && verdict !== undefined) feed?.taken.settled(event, verdict);
        }
        return;
      case 'failed':
        feed?.taken.failed(message.why);
        return;
      case 'told':
        feed?.end(feed.trouble ?? (message.problem === undefined ? undefined : new Error(message.problem)));
        return;
      case 'run':
        this.#run(message, feed);
        return;
      case 'log':
        this.#host.log(message.category, message.message, message.remedy);
        return;
      case 'terminate':
        this.#host.terminate(message.exitCode);
        return;
      case 'lost':
        this.#lost(message.message);
        return;
      case 'pong':
        this.#watch.answered();
        return;
      case 'closed':
        this.#closed();
        return;
    }
  }

  async #send(feed: Feed): Promise<void> {
    try {
      this.#post({ kind: 'events', feed: feed.number, ...(await feed.events.next()) });
    } catch (error) {
      feed.trouble = error instanceof Error ? error : new Error(String(error));
      this.#post({ kind: 'abort', feed: feed.number });
      this.#post({ kind: 'events', feed: feed.number, events: [], isLast: true });
    }
  }

  #run({ run, child, events: numbers }: FromEngine & { readonly kind: 'run' }, feed: Feed | undefined): void {
    const events = numbers.map((number) => feed?.events.get(number)).filter((event) => event !== undefined);
    const ending = this.#children.signal;
    const signal = feed === undefined ? ending : AbortSignal.any([feed.signal, ending]);
    const running = this.#host
      .run(child, events, signal)
      .then((end) => {
        if (this.#lostBy === undefined) this.#post({ kind: 'ended', run, end });
        else for (const event of events) feed?.taken.settled(event, ENDED);
      })
      .catch((error: unknown) => {
        this.#lost(`a child of the action failed: ${String(error)}`);
      })
      .finally(() => this.#runs.delete(running));
    this.#runs.add(running);
  }

  /** The thread is ended, and all that it has begun. */
  #lost(message: string): void {
    if (this.#lostBy !== undefined || this.#isClosing) return;
    this.#lostBy = message;
    this.#watch.end();
    void this.#ended();
    const feed = this.#feed;
    if (feed !== undefined) feed.taken.failed(stopped(message));
    else if (this.#isStarted) this.#host.log('Error', message);
    this.#children.abort();
    this.#started(message);
    void Promise.all(this.#runs).then(() => feed?.end());
  }

  /** Who holds the thread, as far as that can be known. */
  #culprit(): string {
    const name = this.#thread.functionNames[CallMarks.underWay(this.#calls) - 1];
    if (name !== undefined) return name;
    return this.#isStarted ? 'a timer or a callback' : 'the top level of the configuration';
  }
}
