import type { Failed } from '../../model/outcome.ts';
import type { CommandEvent } from '../command/command-event.ts';
import type { CommandEnd, CommandVerdict } from '../command/run-command.ts';
import type { ActionHost, Agent, CollectVerdict, Inlet } from './action-script.ts';
import { exitOf } from './child-exit.ts';
import type { ActionEngineOptions, ChildRun, ScriptEngine, TakenEvents } from './engine-options.ts';
import { ENDED, failed, isOneName } from './event-feed.ts';
import type { EventFeed } from './event-feed.ts';
import { EventQueue, isReady } from './event-queue.ts';
import { judgeChild } from './judge-child.ts';
import { eventsOf, QueuedEvent, shown } from './queued-event.ts';
import { ScriptCalls } from './script-calls.ts';
import { ScriptExcludes } from './script-excludes.ts';
import { scriptInlet } from './script-inlet.ts';

/** What an action left is offered again after so long, if nothing else has happened. */
const OFFER_AGAIN_MS = 1_000;
/** A script that has made so many events, and done none of them, would go on for ever. */
const MAX_MADE = 1_000;
/** Pauses of what the script has made itself, when it asks for it again. */
const [FIRST_PAUSE_MS, MAX_PAUSE_MS] = [1_000, 60_000];

/**
 * Drives a script: queues the events of a delivery, asks the script to act on those that wait while processes are free,
 * runs its children and judges their end. What a script does wrong ends in a verdict on its events, never in a throw.
 */
export class ActionEngine implements ScriptEngine {
  readonly #options: ActionEngineOptions;
  readonly #queue = new EventQueue();
  readonly #excludes: ScriptExcludes;
  readonly #closing = new AbortController();
  readonly #calls: ScriptCalls;
  readonly #children = new Set<Promise<void>>();
  readonly #due: (() => void)[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Events given to the script in the call under way. */
  readonly #given = new Set<QueuedEvent>();
  #feed: EventFeed | undefined;
  #running = 0;
  /** Grows with everything that happens to an event. */
  #changes = 0;
  /** All that waits was offered once, and nothing was taken. */
  #isLeft = false;
  #loop: Promise<void> | undefined;
  #awake: () => void = () => undefined;
  #isAwake = false;

  readonly #inlet: Inlet;

  constructor(options: ActionEngineOptions) {
    this.#options = options;
    this.#excludes = new ScriptExcludes(options.compileExcludes);
    this.#inlet = scriptInlet({
      queue: this.#queue,
      hasFull: options.script.full !== undefined,
      excludes: this.#excludes,
      given: (event) => {
        this.#given.add(event);
      },
      made: (event) => {
        this.#checkMade();
        this.#queue.add(event);
        this.#changed();
      },
      discarded: (event) => {
        this.#end([event], { kind: 'ok' });
      },
    });
    this.#calls = new ScriptCalls(options.callLimitMs, this.#closing.signal);
  }

  async start(): Promise<string | undefined> {
    const { script } = this.#options;
    const begun = await this.#calls.call('start', () => script.start?.(this.#host, this.#inlet));
    return begun.kind === 'failed' ? begun.message : undefined;
  }

  tell(
    events: Iterable<CommandEvent> | AsyncIterable<CommandEvent>,
    taken: TakenEvents,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const iterator =
        Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
      const wake = (): void => {
        this.#wake();
      };
      const end = (then: () => void): void => {
        signal.removeEventListener('abort', wake);
        this.#feed = undefined;
        then();
      };
      this.#feed = {
        events: iterator,
        taken,
        signal,
        ending: AbortSignal.any([signal, this.#closing.signal]),
        open: new Set(),
        isExhausted: false,
        isOver: false,
        resolve: () => {
          end(resolve);
        },
        reject: (error) => {
          end(() => {
            reject(error instanceof Error ? error : new Error(String(error)));
          });
        },
      };
      signal.addEventListener('abort', wake);
      this.#isLeft = false;
      this.#wake();
    });
  }

  deliveryBegins(): void {
    this.#excludes.deliveryBegins();
  }

  deliveryEnds(): void {
    this.#excludes.deliveryEnds();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#wake();
    await this.#loop;
    await Promise.all(this.#children);
  }

  #wake(): void {
    this.#isAwake = true;
    this.#awake();
    this.#loop ??= this.#work();
  }

  /** Goes on while there is a delivery or something undone. */
  async #work(): Promise<void> {
    // So that the loop is known before it may end.
    await Promise.resolve();
    for (;;) {
      const feed = this.#feed;
      try {
        if (feed !== undefined) await this.#fill(feed);
        if (feed !== undefined && this.#isFinished(feed)) {
          feed.resolve();
          continue;
        }
        const isNothingLeft = feed === undefined && this.#queue.size === 0;
        if (isNothingLeft || (feed === undefined && this.#closing.signal.aborted)) {
          this.#loop = undefined;
          return;
        }
        this.#startDue();
        if (!(await this.#offer())) await this.#sleep();
      } catch (error) {
        // A bug of ours: the delivery must not wait for ever.
        if (feed === undefined || this.#feed !== feed) {
          this.#loop = undefined;
          throw error;
        }
        this.#endFeed(feed);
        feed.reject(error);
      }
    }
  }

  async #fill(feed: EventFeed): Promise<void> {
    if (feed.signal.aborted || this.#closing.signal.aborted) this.#fail(feed, ENDED);
    while (!feed.isOver && !feed.isExhausted && this.#queue.size < this.#options.maxEvents) {
      const next = await feed.events.next();
      if (next.done === true) {
        feed.isExhausted = true;
        return;
      }
      const event = QueuedEvent.telling(next.value);
      const { path, to, isDirectory } = event;
      if (path !== '' && this.#excludes.isExcluded(to ?? path, isDirectory)) {
        feed.taken.excluded?.(next.value);
        continue;
      }
      feed.open.add(event);
      this.#queue.add(event);
    }
  }

  #isFinished(feed: EventFeed): boolean {
    if (feed.isOver) return [...feed.open].every(({ status }) => status !== 'active');
    return feed.isExhausted && feed.open.size === 0 && this.#queue.size === 0;
  }

  /** Offers what waits to the script; true when something has come of it. */
  async #offer(): Promise<boolean> {
    const before = this.#changes;
    if (this.#freeProcesses() <= 0) return false;
    const { script } = this.#options;
    for (const event of this.#queue.comparisons) {
      if (event.status !== 'wait' || this.#freeProcesses() <= 0) continue;
      const name = event.etype === 'Init' ? 'init' : 'full';
      await this.#act(name, event, () => script[name]?.(event, this.#inlet));
    }
    if (this.#queue.hasFirst && this.#freeProcesses() > 0)
      await this.#act('action', undefined, () => script.action(this.#inlet));
    return this.#changes !== before;
  }

  #freeProcesses(): number {
    return this.#options.maxProcesses - this.#running - this.#due.length;
  }

  async #act(name: string, about: QueuedEvent | undefined, run: () => unknown): Promise<void> {
    const result = await this.#calls.call(
      name,
      () => {
        this.#given.clear();
        if (about !== undefined) this.#given.add(about);
        return run();
      },
      this.#feed?.signal,
    );
    if (result.kind === 'returned' || this.#closing.signal.aborted) return;
    const left = [...this.#given].filter(({ status }) => status === 'wait' || status === 'block');
    // What it has begun or done takes its course.
    if (left.length === 0 && this.#given.size > 0) this.#options.host.log('Error', result.message);
    else this.#again(left, result.message);
  }

  /** Waits until something happens. What waits is offered again after a while; left twice, it ends the delivery. */
  async #sleep(): Promise<void> {
    const isIdle = this.#running === 0 && this.#due.length === 0 && this.#timers.size === 0;
    const before = this.#changes;
    const offerAgain = isIdle ? this.#later(OFFER_AGAIN_MS) : undefined;
    await new Promise<void>((resolve) => {
      this.#awake = resolve;
      if (this.#isAwake) resolve();
    });
    this.#awake = () => undefined;
    this.#isAwake = false;
    if (offerAgain === undefined) return;
    if (this.#timers.delete(offerAgain)) {
      clearTimeout(offerAgain);
      return;
    }
    if (this.#changes !== before || this.#queue.size === 0) return;
    if (!this.#isLeft || this.#feed === undefined) this.#isLeft = true;
    else this.#giveUp(this.#feed);
  }

  #later(ms: number, then: () => void = () => undefined): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
      this.#wake();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #giveUp(feed: EventFeed): void {
    const [first] = feed.open;
    const what = first === undefined ? 'what it made itself' : shown(first);
    const more = feed.open.size > 1 ? ` and ${feed.open.size - 1} more` : '';
    this.#fail(feed, failed('batch', `The action has left ${what}${more} undone.`));
  }

  readonly #host: ActionHost = {
    spawn: (agent, words, input) => {
      this.#spawn(agent, { words, input });
    },
    log: (category, message) => {
      this.#options.host.log(category, message);
    },
    terminate: (exitCode) => {
      this.#options.host.terminate(exitCode);
    },
  };

  #spawn(agent: Agent, child: ChildRun): void {
    if (this.#closing.signal.aborted) return;
    const events = eventsOf(agent);
    if (events.length === 0) throw new Error('spawn: the list of events is empty');
    if (child.words[0] === undefined || child.words[0] === '') throw new Error('spawn: there is no program');
    const together = new Set(events);
    for (const event of events)
      if (!isReady(event, together)) throw new Error(`spawn: ${shown(event)} is ${event.status}`);
    for (const event of events) this.#queue.activate(event);
    this.#due.push(() => {
      this.#startChild(agent, events, child);
    });
    this.#changed();
  }

  /** Throws when too many are undone; those that nobody works at are dropped then. */
  #checkMade(): void {
    const made = this.#queue.size < MAX_MADE ? [] : this.#queue.made();
    if (made.length < MAX_MADE) return;
    const left = made.filter(({ status }) => status !== 'active');
    for (const event of left) this.#queue.end(event);
    this.#changed();
    throw new Error(`${MAX_MADE} events that the action has made are undone; ${left.length} are dropped`);
  }

  #startDue(): void {
    while (this.#running < this.#options.maxProcesses) {
      const start = this.#due.shift();
      if (start === undefined) return;
      start();
    }
  }

  #startChild(agent: Agent, events: readonly QueuedEvent[], child: ChildRun): void {
    const feed = this.#feed;
    const told = events.map((event) => event.told).filter((event) => event !== undefined);
    if (feed?.isOver === true && told.length > 0) {
      this.#notBegun(events);
      return;
    }
    this.#running++;
    const running = this.#options.host
      .run(child, told, feed === undefined ? this.#closing.signal : feed.ending)
      .then((end) => this.#collect(agent, events, end))
      .catch((error: unknown) => {
        this.#end(events, failed('batch', `an action failed: ${String(error)}`));
      })
      .finally(() => {
        this.#running--;
        this.#children.delete(running);
        this.#changed();
      });
    this.#children.add(running);
  }

  /** The delivery is over. */
  #notBegun(events: readonly QueuedEvent[]): void {
    for (const event of events) this.#queue.giveBack(event);
    if (this.#feed !== undefined) this.#endFeed(this.#feed);
  }

  async #collect(agent: Agent, events: readonly QueuedEvent[], end: CommandEnd | 'over'): Promise<void> {
    if (end === 'over') {
      this.#notBegun(events);
      return;
    }
    const { script, exitCodes } = this.#options;
    const exit = exitOf(end.process);
    if (exit === undefined || this.#closing.signal.aborted) {
      this.#end(events, ENDED);
      return;
    }
    const said = script.collect?.bind(script);
    const result =
      said === undefined
        ? ({ kind: 'returned', value: undefined } as const)
        : await this.#calls.call<CollectVerdict | undefined>('collect', () => {
            this.#given.clear();
            return said(agent, exit.code, exit.signal);
          });
    if (result.kind === 'failed') {
      this.#again(events, result.message);
      return;
    }
    const judged = judgeChild(end, exit, result.value, exitCodes);
    if (judged.kind === 'again') this.#again(events, judged.message);
    else this.#end(events, judged);
  }

  /** One name is told again by itself, what the script made after a pause here, all else with its delivery. */
  #again(events: readonly QueuedEvent[], message: string): void {
    const own = events.filter(({ told }) => told === undefined);
    const told = events.filter((event) => event.told !== undefined);
    for (const event of own) this.#pause(event, message);
    const [first] = told;
    if (first !== undefined)
      this.#end(told, isOneName(told) ? { kind: 'problem', message } : failed('batch', message));
    else if (own.length === 0 && this.#feed !== undefined) this.#fail(this.#feed, failed('batch', message));
    else this.#options.host.log('Error', message);
  }

  #pause(event: QueuedEvent, message: string): void {
    const ms = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** event.attempts++);
    this.#queue.hold(event);
    this.#options.host.log('Error', `${event.etype}: ${message}; next attempt in ${ms / 1000} s`);
    this.#later(ms, () => {
      this.#queue.giveBack(event);
      this.#changed();
    });
    this.#changed();
  }

  /** The events are done, or have failed in this way. */
  #end(events: readonly QueuedEvent[], verdict: CommandVerdict): void {
    const feed = this.#feed;
    for (const event of events) {
      this.#queue.end(event);
      if (event.told === undefined || feed?.open.delete(event) !== true) continue;
      feed.taken.settled(event.told, verdict);
    }
    if (verdict.kind === 'failed' && feed !== undefined) this.#endFeed(feed);
    this.#changed();
  }

  /** The delivery has failed for a reason that is not one event's. */
  #fail(feed: EventFeed, why: Failed): void {
    if (feed.isOver) return;
    feed.taken.failed(why);
    this.#endFeed(feed);
  }

  /** Nothing more of the delivery is begun; what is under way goes on to its end. */
  #endFeed(feed: EventFeed): void {
    feed.isOver = true;
    for (const event of [...feed.open]) {
      if (event.status === 'active') continue;
      feed.open.delete(event);
      this.#queue.end(event);
    }
    this.#changed();
  }

  #changed(): void {
    this.#changes++;
    this.#isLeft = false;
    this.#wake();
  }
}
