import type { Observable, SchedulerLike, Subscriber } from 'rxjs';
import { BehaviorSubject, NEVER, Subject, Subscription, asyncScheduler, take, takeUntil } from 'rxjs';
import type { Batch, BatchReason } from '../model/batch.ts';
import type { EventBatch } from '../model/event-batch.ts';
import { HINT, ROOT_STATE, SLOT, slotPath } from '../model/event-batch.ts';
import type { Delivered, Failed, Outcome } from '../model/outcome.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { ROOT_PATH } from '../model/path-bytes.ts';
import { pauseMs } from './back-off.ts';
import { REACH } from './batch-scope.ts';
import type { Flight } from './flight.ts';
import { LargeLane } from './large-lane.ts';
import type { BookedName, MirrorBooks } from './mirror-books.ts';
import type { MirrorOptions, MirrorPorts, MirrorSettings } from './mirror-options.ts';
import type { MirrorReport, MirrorState } from './mirror-report.ts';
import { PendingTree } from './pending-tree.ts';
import type { Chunk } from './plan.ts';
import { plan } from './plan.ts';
import { RetryBooks } from './retry-books.ts';
import type { Retry } from './retry-list.ts';
import type { Backlog, SettleOptions } from './settle.ts';
import { settle } from './settle.ts';
import { whileSynchronous } from './while-synchronous.ts';

interface Pause {
  readonly kind: 'waiting' | 'held';
  readonly outcome: Failed;
  readonly untilMs: number;
}

const ROOT_REMEDY = 'bring the directory back (mount it), or restart to mirror what is there now';

/** One subscription of {@link mirror}: the books of one target and what is being done about them. */
export class MirrorRun {
  readonly #options: MirrorOptions;
  readonly #ports: MirrorPorts;
  readonly #out: Subscriber<MirrorReport>;
  readonly #scheduler: SchedulerLike;
  readonly #window: { -readonly [K in keyof SettleOptions]: SettleOptions[K] };
  readonly #tree: PendingTree;
  readonly #retries: RetryBooks;
  readonly #large = new LargeLane();
  readonly #backlog$ = new Subject<Backlog>();
  readonly #busy$ = new BehaviorSubject(true);
  readonly #finish$ = new Subject<void>();
  readonly #running = new Subscription();

  /** The whole tree has not been compared yet. */
  #startup: boolean;
  /** A target that was there has failed to do so. */
  #attempted = false;
  /** The first barrier has passed. */
  #ready: boolean;
  #finishing = false;
  /** The last delivery has been asked for. */
  #draining = false;
  /** The next window closes at once. */
  #urgent = false;
  /** The last of `ROOT_STATE` seen, 0 if none. */
  #root = 0;
  #flight: Flight | undefined;
  #pause: Pause | undefined;
  #pauseTimer: Subscription | undefined;
  #stoppedBy: Failed | undefined;
  #failures = 0;
  #batches = 0;
  #lastState = '';

  constructor(options: MirrorOptions, ports: MirrorPorts, out: Subscriber<MirrorReport>) {
    this.#options = options;
    this.#ports = ports;
    this.#out = out;
    this.#scheduler = options.scheduler ?? asyncScheduler;
    const { quietMs, maxMs, maxEntries } = options;
    this.#window = { quietMs, maxMs, maxEntries, scheduler: this.#scheduler };
    const retries = new RetryBooks(options, (report) => {
      out.next(report);
    });
    this.#retries = retries;
    const large = this.#large;
    this.#tree = new PendingTree(
      { ...options, ...options.capabilities },
      {
        get isInUse() {
          return large.isInUse || retries.size > 0;
        },
        has: (path) => large.has(path) || retries.concerns(path),
      },
    );
    this.#startup = options.initial;
    this.#ready = !options.initial;
  }

  run(eventBatch$: Observable<EventBatch>): Subscription {
    this.#running.add(
      this.#backlog$.pipe(settle(this.#window, this.#busy$)).subscribe((nowMs) => {
        this.#deliver(nowMs);
      }),
    );
    this.#running.add(() => this.#pauseTimer?.unsubscribe());
    // By content: so it takes in all that happens before the target has been reached for the first time.
    if (this.#startup) this.#tree.rescan(ROOT_PATH, true);
    this.#running.add(
      eventBatch$.subscribe({
        next: (batch) => {
          this.#apply(batch);
        },
        error: (error) => {
          this.#out.error(error);
        },
        complete: () => {
          this.#finish();
        },
      }),
    );
    this.#running.add(
      (this.#ports.finish$ ?? NEVER).pipe(take(1)).subscribe(() => {
        this.#finishAfterBarrier();
      }),
    );
    this.#ports.openBooks?.({ counts: () => this.#counts(), names: (max) => this.#names(max) });
    this.#running.add(
      (this.#ports.settings$ ?? NEVER).subscribe((settings) => {
        this.#configure(settings);
      }),
    );
    this.#running.add(
      (this.#ports.compare$ ?? NEVER).pipe(takeUntil(this.#finish$)).subscribe(() => {
        this.#tree.rescan(ROOT_PATH);
        this.#urgent = true;
        this.#next(false);
      }),
    );
    if (!this.#ready) {
      this.#afterBarrier(() => {
        if (this.#finishing) return;
        this.#ready = true;
        this.#urgent = true;
        this.#next(false);
      });
    }
    this.#next(false);
    return this.#running;
  }

  #configure(settings: MirrorSettings): void {
    const { quietMs, maxMs, maxEntries, writingQuietMs, capabilities, tryAgain } = settings;
    Object.assign(this.#window, { quietMs, maxMs, maxEntries });
    const { moves, deletedNames = false } = capabilities;
    this.#tree.configure({ moves, deletedNames, writingQuietMs });
    if (tryAgain === true) {
      this.#retries.hasten(this.#scheduler.now());
      if (this.#pause?.kind === 'waiting') this.#resume();
    }
    this.#next(false);
  }

  #apply(batch: EventBatch): void {
    const fresh = this.#tree.apply(batch, this.#scheduler.now());
    for (let slot = 0; slot < batch.slotCount; slot++) {
      if (batch.kind(slot) === SLOT.movedFrom) this.#follow(slotPath(batch, slot), slotPath(batch, slot + 1));
      else if (batch.kind(slot) === SLOT.root) this.#rootIs(batch.hints(slot));
    }
    this.#next(fresh);
  }

  #follow(from: PathBytes, to: PathBytes): void {
    this.#large.follow(from, to);
    this.#retries.follow(from, to, this.#scheduler.now());
  }

  #rootIs(state: number): void {
    this.#root = state;
    if (state !== ROOT_STATE.back) return;
    this.#tree.rescan(ROOT_PATH);
    this.#urgent = true;
    if (this.#pause?.kind === 'held') this.#resume();
  }

  /** The window has closed: takes what is ripe and delivers it. */
  #deliver(nowMs: number): void {
    const isDue = (path: PathBytes): boolean => this.#tree.isDue(path);
    const again = (retry: Retry): void => {
      this.#again(retry);
    };
    const isOfStartup = this.#retries.take(nowMs, isDue, again) || this.#startup;
    const reason: BatchReason = isOfStartup ? 'startup' : 'live';
    this.#urgent = false;
    const flight = this.#tree.take(nowMs, this.#finishing);
    if (flight === undefined) {
      if (this.#draining) this.#complete();
      else this.#next(false);
      return;
    }
    this.#flight = flight;
    this.#next(false);
    this.#deliverChunks(flight, reason);
  }

  #again({ path, reach }: Retry): void {
    if (reach === REACH.entry) this.#tree.touch(path);
    else this.#tree.rescan(path, reach === REACH.content);
  }

  #deliverChunks(flight: Flight, reason: BatchReason): void {
    const chunks = plan(flight, this.#options.maxEntriesPerBatch);
    const deliverNext = whileSynchronous((again) => {
      if (this.#isHeldByRoot()) {
        this.#giveBack();
        return;
      }
      const next = chunks.next();
      if (next.done === true) {
        this.#land();
        return;
      }
      const chunk = next.value;
      const batch = this.#large.makeWay({ number: ++this.#batches, reason, ...this.#asked(chunk) });
      if (isEmpty(batch)) {
        flight.forget(chunk.nodes);
        again();
        return;
      }
      this.#ask(batch, (outcome) => {
        if (outcome.kind === 'failed') {
          this.#failed(batch, outcome);
          return;
        }
        this.#afterBarrier(() => {
          this.#delivered(flight, chunk, batch, outcome);
          again();
        });
      });
    });
    deliverNext();
  }

  /** The first compare goes by size and time like any other, though its first attempt takes in all that has changed. */
  #asked({ nodes: _nodes, ...asked }: Chunk): Omit<Batch, 'number' | 'reason'> {
    const { entries, subtrees, contentSubtrees } = asked;
    if (this.#startup && !this.#attempted)
      return { ...asked, subtrees: [...subtrees, ...contentSubtrees], contentSubtrees: [] };
    if (this.#startup) return asked;
    // What has failed may have needed more than the lane may do, as to delete a directory of that name.
    const isPlain =
      this.#retries.quarantined === 0 || !entries.some(({ path }) => this.#retries.isQuarantined(path));
    const large = isPlain && !this.#finishing ? ({ large: 'defer' } as const) : {};
    return { ...asked, ...large };
  }

  #ask(batch: Batch, answer: (outcome: Outcome) => void): Subscription {
    let outcome: Outcome | undefined;
    const delivery = this.#ports.deliver(batch).subscribe({
      next: (value) => {
        outcome = value;
      },
      error: (error) => {
        this.#out.error(error);
      },
      complete: () => {
        if (outcome === undefined)
          this.#out.error(new Error(`batch ${batch.number}: delivered without an outcome`));
        else answer(outcome);
      },
    });
    this.#running.add(delivery);
    return delivery;
  }

  /** Begins to deliver the next large file, if one is waiting and its turn has come. */
  #deliverLarge(): void {
    if (this.#finishing || this.#stoppedBy !== undefined || this.#pause !== undefined || this.#isHeld())
      return;
    const entry = this.#large.begin((path) => this.#tree.isSettled(path));
    if (entry === undefined) return;
    const batch: Batch = {
      number: ++this.#batches,
      reason: 'live',
      moves: [],
      entries: [entry],
      subtrees: [],
      contentSubtrees: [],
      large: 'only',
    };
    const delivery = this.#ask(batch, (outcome) => {
      this.#afterBarrier(() => {
        const end = this.#large.ended(entry);
        if (end?.isWanted === true) this.#largeDelivered(batch, outcome);
        if (end?.stale !== undefined) this.#tree.touchDirectory(end.stale);
        this.#deliverLarge();
        this.#next(false);
      });
    });
    this.#large.runs(delivery);
  }

  #largeDelivered(batch: Batch, outcome: Outcome): void {
    const [path = ROOT_PATH] = batch.entries.map((entry) => entry.path);
    const nowMs = this.#scheduler.now();
    if (outcome.kind === 'delivered') this.#retries.delivered(batch, outcome, nowMs);
    // Tried again with the batches, where a failure of the target shows as one.
    else this.#retries.failed(path, outcome.message, REACH.entry, nowMs);
    // What was written to it meanwhile goes that way too: this one may fail as often as it is tried.
    if (this.#retries.isQuarantined(path) && this.#large.withdraw(path)) this.#tree.touch(path);
  }

  #delivered(flight: Flight, chunk: Chunk, batch: Batch, outcome: Delivered): void {
    this.#failures = 0;
    flight.forget(chunk.nodes);
    if (chunk.moves.length > 0) flight.movesDelivered = true;
    // What was new and is gone or elsewhere by now, the target may have got all the same.
    if (outcome.comparedWhole === true && flight.sawNewNames) this.#tree.rescan(ROOT_PATH);
    for (const entry of outcome.deferred ?? []) this.#large.add(entry);
    this.#retries.delivered(batch, outcome, this.#scheduler.now());
    this.#deliverLarge();
  }

  #land(): void {
    this.#startup = false;
    this.#tree.land();
    this.#afterFlight();
  }

  #giveBack(): void {
    this.#tree.giveBack();
    this.#afterFlight();
  }

  #afterFlight(): void {
    const nowMs = this.#scheduler.now();
    this.#flight = undefined;
    this.#retries.landed(nowMs);
    this.#deliverLarge();
    if (!this.#finishing) this.#next(false);
    else if (this.#pause !== undefined) this.#complete();
    else this.#drain();
  }

  #failed(batch: Batch, outcome: Failed): void {
    const nowMs = this.#scheduler.now();
    const retryInMs = this.#retryInMs(outcome);
    this.#out.next({ kind: 'failed', batch, outcome, retryInMs });
    if (outcome.scope === 'configuration') this.#stoppedBy = outcome;
    else {
      const kind = outcome.scope === 'source' ? 'held' : 'waiting';
      const untilMs = retryInMs === undefined ? Infinity : nowMs + retryInMs;
      this.#pause = { kind, outcome, untilMs };
      this.#pauseTimer =
        retryInMs === undefined
          ? undefined
          : this.#scheduler.schedule(() => {
              this.#resume();
            }, retryInMs);
    }
    if (this.#startup && outcome.scope === 'batch') {
      // Something may have arrived, of which a change of the same size and time is to be told. For a target that cannot be
      // reached no names are kept: in the end they would be whole directories to compare by content.
      if (!this.#attempted) this.#flight?.compareRootQuickly();
      this.#attempted = true;
    }
    this.#giveBack();
    if (this.#stoppedBy !== undefined && !this.#finishing) this.#complete();
  }

  #retryInMs(outcome: Failed): number | undefined {
    switch (outcome.scope) {
      case 'configuration':
        return undefined;
      case 'source':
        return this.#isHeldByRoot() ? undefined : this.#options.sourceRetryMs;
      case 'batch':
      case 'target':
        return pauseMs(this.#options.targetBackOff, ++this.#failures);
    }
  }

  #resume(): void {
    this.#pauseTimer?.unsubscribe();
    this.#pauseTimer = undefined;
    this.#pause = undefined;
    this.#urgent = true;
    this.#next(false);
    this.#deliverLarge();
  }

  /** What was done before the end was asked for belongs to the last delivery. A first scan is not waited for. */
  #finishAfterBarrier(): void {
    if (!this.#ready) {
      this.#finish();
      return;
    }
    const finish = (): void => {
      this.#finish();
    };
    this.#running.add(
      this.#ports
        .barrier()
        .pipe(take(1), takeUntil(this.#finish$))
        .subscribe({ error: finish, complete: finish }),
    );
  }

  #finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#finish$.next();
    if (this.#flight === undefined) this.#drain();
  }

  /** The last delivery, unless there cannot be one. What comes after it is not waited for. */
  #drain(): void {
    if (this.#draining || !this.#ready || this.#isHeld() || this.#stoppedBy !== undefined) {
      this.#complete();
      return;
    }
    this.#draining = true;
    this.#pause = undefined;
    for (const { path } of this.#large.empty()) this.#tree.touch(path);
    this.#deliver(this.#scheduler.now());
  }

  #complete(): void {
    const remaining = this.#tree.size + this.#tree.inFlight + this.#large.size + this.#retries.size;
    this.#out.next({ kind: 'finished', remaining });
    this.#out.complete();
  }

  /** Something has changed: says so, and lets the window know. */
  #next(fresh: boolean): void {
    this.#reportState();
    if (this.#isBusy() && !this.#busy$.value) this.#busy$.next(true);
    const dueMs = this.#urgent
      ? -Infinity
      : Math.min(this.#tree.writingDueMs() ?? Infinity, this.#retries.dueMs());
    this.#backlog$.next({ ripe: this.#tree.ripe, fresh, dueMs });
    if (!this.#isBusy() && this.#busy$.value) this.#busy$.next(false);
  }

  #isBusy(): boolean {
    const cannot = !this.#ready || this.#finishing || this.#stoppedBy !== undefined;
    return cannot || this.#flight !== undefined || this.#pause !== undefined || this.#isHeld();
  }

  #reportState(): void {
    const state = this.#state();
    const key = `${state.state} ${state.retryAtMs ?? ''} ${state.message ?? ''}`;
    if (key === this.#lastState) return;
    this.#lastState = key;
    this.#out.next(state);
  }

  #state(): MirrorState {
    const counts = { kind: 'state', ...this.#counts() } as const;
    const pause = this.#pause;
    const why = this.#stoppedBy ?? pause?.outcome;
    const because =
      why === undefined ? {} : { message: why.message, ...(why.remedy && { remedy: why.remedy }) };
    if (this.#stoppedBy !== undefined) return { ...counts, state: 'stopped', ...because };
    if (this.#flight !== undefined) return { ...counts, state: 'delivering' };
    if (this.#isHeldByRoot()) {
      const what = this.#root === ROOT_STATE.gone ? 'is gone' : 'was replaced by another directory';
      return {
        ...counts,
        state: 'held',
        message: `the source ${what}; nothing is delivered`,
        remedy: ROOT_REMEDY,
      };
    }
    if (pause !== undefined) return { ...counts, state: pause.kind, retryAtMs: pause.untilMs, ...because };
    if (!this.#ready || this.#tree.size > 0 || this.#retries.rechecks > 0)
      return { ...counts, state: 'collecting' };
    if (this.#large.size > 0) return { ...counts, state: 'delivering' };
    const { held } = this.#retries;
    if (held !== undefined) return { ...counts, state: 'held', ...held };
    if (this.#retries.quarantined > 0)
      return { ...counts, state: 'waiting', retryAtMs: this.#retries.quarantineDueMs() };
    return { ...counts, state: 'idle' };
  }

  #counts(): ReturnType<MirrorBooks['counts']> {
    const inFlight = this.#tree.inFlight + this.#large.size;
    return { pending: this.#tree.size, inFlight, quarantined: this.#retries.quarantined };
  }

  #names(max: number): readonly BookedName[] {
    const names: BookedName[] = [];
    for (const { path, reach } of this.#retries.inQuarantine()) {
      if (names.length === max) return names;
      names.push({ state: 'retry', path, hints: HINT.modified, isCompared: reach !== REACH.entry });
    }
    for (const name of this.#tree.booked()) {
      if (names.length === max) break;
      names.push(name);
    }
    return names;
  }

  #isHeldByRoot(): boolean {
    return this.#root === ROOT_STATE.gone || this.#root === ROOT_STATE.replaced;
  }

  #isHeld(): boolean {
    return this.#isHeldByRoot() || this.#pause?.kind === 'held';
  }

  /** Goes on once all events of the past are in the tree; when finishing, at once. */
  #afterBarrier(then: () => void): void {
    if (this.#finishing) {
      then();
      return;
    }
    this.#running.add(
      this.#ports
        .barrier()
        .pipe(take(1), takeUntil(this.#finish$))
        .subscribe({
          error: (error) => {
            this.#out.error(error);
          },
          complete: then,
        }),
    );
  }
}

function isEmpty({ moves, entries, subtrees, contentSubtrees }: Batch): boolean {
  return [moves, entries, subtrees, contentSubtrees].every(({ length }) => length === 0);
}
