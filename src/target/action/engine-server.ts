import { SynclineError } from '../../model/syncline-error.ts';
import type { CommandEvent } from '../command/command-event.ts';
import type { CommandEnd } from '../command/run-command.ts';
import { ActionEngine } from './action-engine.ts';
import type { ActionTargetOptions } from './action-options.ts';
import type { ActionScript } from './action-script.ts';
import type { CallMarks } from './call-marks.ts';
import type { FromEngine, NumberedEvent, ToEngine } from './engine-messages.ts';
import type { EngineSettings } from './engine-options.ts';
import { EngineOutbox } from './engine-outbox.ts';
import { ReceivedEvents } from './told-events.ts';

/** Calls under way at the end have so long to come to theirs. */
const CLOSING_MS = 2_000;

export interface EngineServerOptions {
  readonly settings: EngineSettings;
  readonly marks: CallMarks;
  readonly compileExcludes: ActionTargetOptions['compileExcludes'];
  readonly send: (messages: readonly FromEngine[]) => void;
}

interface Feed {
  readonly number: number;
  readonly events: ReceivedEvents;
  readonly ending: AbortController;
}

/** The side of a `ThreadEngine` that is in the thread: an engine whose children, events and log are on the main thread. */
export class EngineServer {
  readonly #options: EngineServerOptions;
  readonly #outbox: EngineOutbox;
  readonly #runs = new Map<number, (end: CommandEnd | 'over') => void>();
  #lastRun = 0;
  #engine: ActionEngine | undefined;
  #feed: Feed | undefined;

  constructor(options: EngineServerOptions) {
    this.#options = options;
    this.#outbox = new EngineOutbox(options.send);
  }

  /** Runs `load`, which runs what the user has written, and lets the script begin. Once; never rejects for what that does. */
  async start(load: () => Promise<ActionScript>): Promise<void> {
    this.#outbox.postNow({ kind: 'ready' });
    let problem: string | undefined;
    try {
      this.#engine = this.#engineOf(await load());
      problem = await this.#engine.start();
    } catch (error) {
      problem = oneLine(error);
    }
    this.#outbox.post({ kind: 'started', problem });
  }

  log(category: string, message: string, remedy?: string): void {
    this.#outbox.postNow({ kind: 'log', category, message, ...(remedy === undefined ? {} : { remedy }) });
  }

  /** The thread is in a state that is not known. */
  lost(message: string): void {
    this.#outbox.postNow({ kind: 'lost', message });
  }

  take(message: ToEngine): void {
    switch (message.kind) {
      case 'tell':
        void this.#tell(message.feed);
        return;
      case 'events':
        if (this.#feed?.number === message.feed) this.#feed.events.received(message.events, message.isLast);
        return;
      case 'abort':
        if (this.#feed?.number === message.feed) this.#feed.ending.abort();
        return;
      case 'delivery':
        if (message.isUnderWay) this.#engine?.deliveryBegins();
        else this.#engine?.deliveryEnds();
        return;
      case 'ended':
        this.#runs.get(message.run)?.(message.end);
        this.#runs.delete(message.run);
        return;
      case 'ping':
        this.#outbox.post({ kind: 'pong' });
        this.#outbox.flush();
        return;
      case 'close':
        void this.#close();
        return;
    }
  }

  #engineOf(script: ActionScript): ActionEngine {
    return new ActionEngine({
      ...this.#options.settings,
      script,
      compileExcludes: this.#options.compileExcludes,
      host: {
        // The main thread knows by itself when they are to be ended.
        run: (child, events) =>
          new Promise((resolve) => {
            const run = ++this.#lastRun;
            this.#runs.set(run, resolve);
            const feed = this.#feed?.number;
            this.#outbox.postNow({ kind: 'run', run, feed, events: events.map(numberOf), child });
          }),
        log: (category, message) => {
          this.log(category, message);
        },
        terminate: (exitCode) => {
          this.#outbox.postNow({ kind: 'terminate', exitCode });
        },
      },
    });
  }

  async #tell(number: number): Promise<void> {
    const ending = new AbortController();
    const events = new ReceivedEvents(() => {
      this.#outbox.post({ kind: 'more', feed: number });
    });
    this.#feed = { number, events, ending };
    const taken = {
      settled: (event: CommandEvent, verdict: Parameters<EngineOutbox['settled']>[2]) => {
        this.#outbox.settled(number, numberOf(event), verdict);
      },
      excluded: (event: CommandEvent) => {
        this.#outbox.settled(number, numberOf(event), undefined);
      },
      failed: (why: (FromEngine & { kind: 'failed' })['why']) => {
        this.#outbox.post({ kind: 'failed', feed: number, why });
      },
    };
    let problem: string | undefined;
    try {
      await this.#engine?.tell(events, taken, ending.signal);
    } catch (error) {
      problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    this.#feed = undefined;
    this.#outbox.post({ kind: 'told', feed: number, problem });
  }

  async #close(): Promise<void> {
    await this.#engine?.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSING_MS);
    });
    await Promise.race([this.#options.marks.settled(), late]);
    clearTimeout(timer);
    this.#outbox.post({ kind: 'closed' });
    this.#outbox.flush();
  }
}

/** What the user is to be told. */
function oneLine(error: unknown): string {
  return error instanceof SynclineError ? error.inOneLine : String(error);
}

/** Every event of an engine in a thread has come here with its number. */
function numberOf(event: CommandEvent): number {
  return (event as NumberedEvent).number;
}
