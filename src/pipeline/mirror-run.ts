import type { Observable, SchedulerLike, Subscriber } from 'rxjs';
import { BehaviorSubject, NEVER, Subject, Subscription, asyncScheduler, take, takeUntil } from 'rxjs';
import type { Batch, BatchReason } from '../model/batch.ts';
import type { EventBatch } from '../model/event-batch.ts';
import { HINT, ROOT_STATE, SLOT, slotPath } from '../model/event-batch.ts';
import type { Delivered, Failed, HeldDeletions, Outcome } from '../model/outcome.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { ROOT_PATH } from '../model/path-bytes.ts';
import { pauseMs } from './back-off.ts';
import type { Reach } from './batch-scope.ts';
import { BatchScope, REACH } from './batch-scope.ts';
import type { Flight } from './flight.ts';
import { LargeLane } from './large-lane.ts';
import type { BookedName, MirrorBooks } from './mirror-books.ts';
import type { MirrorOptions, MirrorPorts } from './mirror-options.ts';
import type { MirrorReport, MirrorState } from './mirror-report.ts';
import { PendingTree } from './pending-tree.ts';
import type { Chunk } from './plan.ts';
import { plan } from './plan.ts';
import type { Retry } from './retry-list.ts';
import { RetryList } from './retry-list.ts';
import type { Backlog } from './settle.ts';
import { settle } from './settle.ts';

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
  readonly #tree: PendingTree;
  readonly #quarantine: RetryList;
  readonly #rechecks: RetryList;
  /** Where deletions are held. */
  readonly #holds: RetryList;
  readonly #large = new LargeLane();
  readonly #backlog$ = new Subject<Backlog>();
  readonly #busy$ = new BehaviorSubject(true);
  readonly #finish$ = new Subject<void>();
  readonly #running = new Subscription();

  /** The whole tree has not been compared yet. */
  #startup: boolean;
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
  #heldBy: HeldDeletions | undefined;
  /** A hold of the first compare, whose deletions stay those of a first compare. */
  #heldAtStartup = false;
  #failures = 0;
  #batches = 0;
  #lastState = '';

  constructor(options: MirrorOptions, ports: MirrorPorts, out: Subscriber<MirrorReport>) {
    this.#options = options;
    this.#ports = ports;
    this.#out = out;
    this.#scheduler = options.scheduler ?? asyncScheduler;
    this.#quarantine = new RetryList(options.quarantineBackOff, options.maxQuarantined);
    this.#rechecks = new RetryList(options.recheckBackOff, options.maxQuarantined);
    this.#holds = new RetryList(options.heldBackOff, options.maxQuarantined);
    const [large, lists] = [this.#large, [this.#quarantine, this.#rechecks, this.#holds]];
    this.#tree = new PendingTree(
      { ...options, moves: options.capabilities.moves },
      {
        get isInUse() {
          return large.isInUse || lists.some((list) => list.size > 0);
        },
        has: (path) => large.has(path) || lists.some((list) => list.concerns(path)),
      },
    );
    this.#startup = options.initial;
    this.#ready = !options.initial;
  }

  run(eventBatch$: Observable<EventBatch>): Subscription {
    const { quietMs, maxMs, maxEntries } = this.#options;
    const settling = settle({ quietMs, maxMs, maxEntries, scheduler: this.#scheduler }, this.#busy$);
    this.#running.add(
      this.#backlog$.pipe(settling).subscribe((nowMs) => {
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
    for (const list of [this.#rechecks, this.#holds]) if (list.size > 0) list.follow(from, to);
    if (this.#quarantine.size === 0) return;
    for (const [path, retry] of this.#quarantine.follow(from, to)) {
      this.#out.next({ kind: 'released', path });
      this.#reportQuarantined(retry);
    }
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
    let reason: BatchReason = this.#startup ? 'startup' : 'live';
    for (const list of [this.#quarantine, this.#rechecks, this.#holds]) {
      const due = list.take(nowMs);
      if (list === this.#holds && due.length > 0 && this.#heldAtStartup) reason = 'startup';
      for (const retry of due) this.#again(retry);
      // New events do not tell what the failed delivery was about; a success of theirs is taken as its success.
      for (const retry of list.all()) if (this.#tree.isDue(retry.path)) this.#again(retry);
    }
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

  /** Nothing is known of the target before the first compare, so that goes by size and time like any other. */
  #asked({ moves, entries, subtrees, contentSubtrees }: Chunk): Omit<Batch, 'number' | 'reason'> {
    if (this.#startup)
      return { moves, entries, subtrees: [...subtrees, ...contentSubtrees], contentSubtrees: [] };
    // What has failed may have needed more than the lane may do, as to delete a directory of that name.
    const isPlain = this.#quarantine.size === 0 || !entries.some(({ path }) => this.#quarantine.has(path));
    const large = isPlain && !this.#finishing ? ({ large: 'defer' } as const) : {};
    return { moves, entries, subtrees, contentSubtrees, ...large };
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
    if (outcome.kind === 'delivered') {
      this.#books(batch, outcome, nowMs);
      return;
    }
    // Tried again with the batches, where a failure of the target shows as one.
    this.#quarantined(path, outcome.message, REACH.entry, nowMs);
  }

  #delivered(flight: Flight, chunk: Chunk, batch: Batch, outcome: Delivered): void {
    this.#failures = 0;
    flight.forget(chunk.nodes);
    if (chunk.moves.length > 0) flight.movesDelivered = true;
    // What was new and is gone or elsewhere by now, the target may have got all the same.
    if (outcome.comparedWhole === true && flight.sawNewNames) this.#tree.rescan(ROOT_PATH);
    for (const entry of outcome.deferred ?? []) this.#large.add(entry);
    this.#books(batch, outcome, this.#scheduler.now());
    this.#deliverLarge();
  }

  /** Tells of a delivery, and lists what of it is to be tried again. */
  #books(batch: Batch, outcome: Delivered, nowMs: number): void {
    const scope = new BatchScope(
      outcome.comparedWhole === true ? { ...batch, subtrees: [ROOT_PATH] } : batch,
    );
    const held = outcome.held?.paths ?? [];
    const failed = [...outcome.recheck, ...outcome.problems.map(({ path }) => path)];
    const deferred = outcome.deferred?.map(({ path }) => path) ?? [];
    const again = new Set([...failed, ...deferred, ...held]);
    const isDone = ({ path, reach }: Retry): boolean => scope.covers(path, reach) && !again.has(path);
    this.#out.next({ kind: 'delivered', batch, outcome });
    this.#rechecks.release(isDone);
    for (const path of this.#quarantine.release(isDone)) this.#out.next({ kind: 'released', path });
    this.#holds.release(isDone);
    if (outcome.held !== undefined) {
      this.#heldBy = outcome.held;
      this.#heldAtStartup ||= batch.reason === 'startup';
      for (const path of held) {
        // All content is there.
        const isEntry = path !== ROOT_PATH && scope.reachOf(path) === REACH.entry;
        this.#holds.add(path, outcome.held.message, isEntry ? REACH.entry : REACH.subtree, nowMs);
      }
    } else if (this.#holds.size === 0) {
      this.#heldBy = undefined;
      this.#heldAtStartup = false;
    } else if (this.#heldBy?.isBrief === true) this.#holds.hasten(nowMs);
    for (const path of outcome.recheck)
      this.#rechecks.add(path, 'changed while it was read', scope.reachOf(path), nowMs);
    for (const { path, message } of outcome.problems)
      this.#quarantined(path, message, scope.reachOf(path), nowMs);
  }

  #quarantined(path: PathBytes, message: string, reach: Reach, nowMs: number): void {
    const { retry, absorbed } = this.#quarantine.add(path, message, reach, nowMs);
    for (const gone of absorbed) this.#out.next({ kind: 'released', path: gone });
    this.#reportQuarantined(retry);
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
    this.#quarantine.landed(nowMs);
    this.#rechecks.landed(nowMs);
    this.#holds.landed(nowMs);
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
    const retries = this.#quarantine.size + this.#rechecks.size + this.#holds.size;
    const remaining = this.#tree.size + this.#tree.inFlight + this.#large.size + retries;
    this.#out.next({ kind: 'finished', remaining });
    this.#out.complete();
  }

  /** Something has changed: says so, and lets the window know. */
  #next(fresh: boolean): void {
    this.#reportState();
    if (this.#isBusy() && !this.#busy$.value) this.#busy$.next(true);
    const dueMs = this.#urgent
      ? -Infinity
      : Math.min(
          this.#tree.writingDueMs() ?? Infinity,
          this.#quarantine.dueMs(),
          this.#rechecks.dueMs(),
          this.#holds.dueMs(),
        );
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
    if (!this.#ready || this.#tree.size > 0 || this.#rechecks.size > 0)
      return { ...counts, state: 'collecting' };
    if (this.#large.size > 0) return { ...counts, state: 'delivering' };
    if (this.#heldBy !== undefined && this.#holds.size > 0) {
      const { message, remedy } = this.#heldBy;
      return { ...counts, state: 'held', retryAtMs: this.#holds.dueMs(), message, remedy };
    }
    if (this.#quarantine.size > 0)
      return { ...counts, state: 'waiting', retryAtMs: this.#quarantine.dueMs() };
    return { ...counts, state: 'idle' };
  }

  #counts(): ReturnType<MirrorBooks['counts']> {
    const inFlight = this.#tree.inFlight + this.#large.size;
    return { pending: this.#tree.size, inFlight, quarantined: this.#quarantine.size };
  }

  #names(max: number): readonly BookedName[] {
    const names: BookedName[] = [];
    for (const { path, reach } of this.#quarantine.all()) {
      if (names.length === max) return names;
      names.push({ state: 'retry', path, hints: HINT.modified, isCompared: reach !== REACH.entry });
    }
    for (const name of this.#tree.booked()) {
      if (names.length === max) break;
      names.push(name);
    }
    return names;
  }

  #reportQuarantined({ path, message, attempts, dueMs }: Retry): void {
    const retryInMs = Math.max(0, dueMs - this.#scheduler.now());
    this.#out.next({ kind: 'quarantined', path, message, attempts, retryInMs });
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

/** A step that may ask for the next one at once or later, run without growing the stack. */
function whileSynchronous(step: (again: () => void) => void): () => void {
  let isRunning = false;
  let isDue = false;
  const run = (): void => {
    isDue = true;
    if (isRunning) return;
    isRunning = true;
    while (isDue) {
      isDue = false;
      step(run);
    }
    isRunning = false;
  };
  return run;
}
