import {
  BehaviorSubject,
  distinctUntilChanged,
  finalize,
  from,
  lastValueFrom,
  merge,
  Observable,
  ReplaySubject,
  Subject,
  switchMap,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import type { Batch } from '../model/batch.ts';
import { encodeEventBatch, type WatchEvent } from '../model/event-batch.ts';
import type { Failed, Outcome } from '../model/outcome.ts';
import { type PathBytes, ROOT_PATH } from '../model/path-bytes.ts';
import { pauseMs } from '../pipeline/back-off.ts';
import type { MirrorReport } from '../pipeline/mirror-report.ts';
import { mirror, MIRROR_DEFAULTS, type MirrorSettings } from '../pipeline/mirror.ts';
import type { Target } from '../target/target.ts';
import { crontabDue } from './crontab-due.ts';
import type { DeliveryHooks } from './delivery-hooks.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { DRAIN_MS, type Ending } from './end-on-signals.ts';
import type { Log } from './log.ts';
import type { MirrorOptions } from './mirror-options.ts';
import { ReplaceableTarget } from './replaceable-target.ts';
import type { SourceEvents } from './source-events.ts';
import type { StatusEntry } from './status-board.ts';
import { TargetEvents } from './target-events.ts';

/** Passes over what changed while the only sync of `--once` was reading it. */
const ONCE_PASSES = 3;

export interface TargetMirrorParts {
  readonly target: Target;
  readonly options: MirrorOptions;
  /** Above so many dirty names directories degrade to rescans. */
  readonly maxPendingEntries: number;
  readonly log: Log;
  readonly deliveries: DeliveryLog;
  readonly hooks: DeliveryHooks;
  readonly ending: Ending;
  readonly status: StatusEntry;
}

/** What is to count from now on for a target that is kept equal. */
export interface TargetUpdate {
  readonly options: MirrorOptions;
  /** A target of the same place with these options, prepared; undefined: the one there is does. */
  readonly target?: Target | undefined;
  /** Subtrees to compare once that is in its place; `''` is all. */
  readonly compare: readonly PathBytes[];
}

/** One target of a run: its deliveries, its books and its log. What goes wrong here is no concern of the other targets. */
export class TargetMirror {
  readonly log: Log;
  readonly status: StatusEntry;
  readonly #target: ReplaceableTarget;
  readonly #maxPendingEntries: number;
  readonly #deliveries: DeliveryLog;
  readonly #hooks: DeliveryHooks;
  readonly #ending: Ending;
  readonly #settings$ = new Subject<MirrorSettings>();
  readonly #crontab$: BehaviorSubject<readonly string[]>;
  readonly #retired$ = new ReplaySubject<void>(1);
  /** What to compare once the target has been replaced. */
  readonly #toCompare = new Set<PathBytes>();
  #options: MirrorOptions;
  #events: TargetEvents | undefined;
  #isRetiring = false;

  constructor({
    target,
    options,
    maxPendingEntries,
    log,
    deliveries,
    hooks,
    ending,
    status,
  }: TargetMirrorParts) {
    this.log = log;
    this.status = status;
    this.#target = new ReplaceableTarget(target);
    this.#options = options;
    this.#crontab$ = new BehaviorSubject(options.crontab ?? []);
    this.#maxPendingEntries = maxPendingEntries;
    this.#deliveries = deliveries;
    this.#hooks = hooks;
    this.#ending = ending;
  }

  /** Throws a SynclineError when the target cannot work. */
  async prepare(): Promise<void> {
    await this.#target.prepare({ signal: this.#ending.abort, report: this.#deliveries.event });
  }

  /** The target cannot work: says so. */
  stopped(message: string, remedy: string | undefined): void {
    const advice = remedy === undefined ? {} : { remedy };
    this.log.error(`stopped: ${message}`, advice);
    this.status.is('stopped', message, remedy);
    this.#hooks.stopped({ kind: 'failed', scope: 'configuration', message, ...advice });
  }

  /** Keeps the target equal until a signal comes or the target cannot work. Subscribes to the events at once. */
  async keepEqual(events: SourceEvents): Promise<void> {
    this.#begin();
    const own = new TargetEvents(events);
    this.#events = own;
    const settings = {
      ...MIRROR_DEFAULTS,
      ...this.#settings(),
      maxPendingEntries: this.#maxPendingEntries,
      initial: this.#options.initialSync,
    };
    const ports = {
      deliver: (batch: Batch) => this.#deliver(batch),
      barrier: own.barrier,
      openBooks: this.status.openBooks,
      finish$: this.#ending.finish$,
      compare$: this.#fullSyncs(),
      settings$: this.#settings$,
    };
    const endNow$ = merge(
      this.#ending.abort$,
      this.#retired$,
      this.#ending.finish$.pipe(
        switchMap(() => timer(this.#ending.drainLeftMs())),
        tap(() => {
          this.log.warn(`not all could be delivered in ${DRAIN_MS / 1000} s`);
        }),
      ),
    );
    const report$ = own.batches$.pipe(
      mirror(settings, ports),
      tap((report) => {
        this.#deliveries.report(report);
        this.status.report(report);
      }),
      takeUntil(endNow$),
    );
    const nothing: MirrorReport = { kind: 'finished', remaining: 0 };
    await lastValueFrom(report$, { defaultValue: nothing });
  }

  /**
   * These count from now on, and for the target as soon as no delivery is under way. Pending changes, retries, quarantine
   * and held deletions stay.
   */
  update({ options, target, compare }: TargetUpdate): void {
    this.#options = options;
    this.#hooks.change(options.hooks);
    this.#crontab$.next(options.crontab ?? []);
    this.status.follow(options.filterArguments);
    for (const path of compare) this.#toCompare.add(path);
    if (target === undefined) {
      this.#settings$.next(this.#settings());
      return;
    }
    this.#target.replaceBy(target, () => {
      this.#settings$.next({ ...this.#settings(), tryAgain: true });
      this.#compare();
    });
    this.#settings$.next(this.#settings());
  }

  /** The target can be reached again: what waits for the end of a pause is tried at once. */
  tryAgain(): void {
    this.#settings$.next({ ...this.#settings(), tryAgain: true });
  }

  /** Goes on with other events of the same source: of the same watch (`isSameWatch`), or of one just opened. */
  async moveTo(events: SourceEvents, isSameWatch: boolean): Promise<void> {
    if (isSameWatch) this.#events?.change(events);
    else await this.#events?.moveTo(events);
  }

  /** Ends `keepEqual` and `syncOnce` as soon as no delivery is under way; none is begun any more. */
  async retire(): Promise<void> {
    this.#isRetiring = true;
    await this.#target.idle();
    this.#retired$.next();
  }

  /**
   * One compare of the whole tree, and what changed while it ran; resolves with true when everything was delivered. With
   * `insists` a failure that another attempt may help is tried again. The first signal ends it at once.
   */
  async syncOnce(): Promise<boolean> {
    this.#begin();
    let batch: Batch = {
      number: 1,
      reason: 'startup',
      moves: [],
      entries: [],
      subtrees: [ROOT_PATH],
      contentSubtrees: [],
    };
    const end$ = merge(this.#ending.finish$, this.#retired$);
    for (let failures = 0; ;) {
      this.status.is('delivering');
      const delivery$ = this.#deliver(batch).pipe(takeUntil(end$));
      const outcome = await lastValueFrom(delivery$, { defaultValue: undefined });
      if (outcome === undefined || this.#ending.signal() !== undefined) return false;
      if (outcome.kind === 'failed') {
        const retryInMs = this.#insistsAfter(outcome, ++failures);
        this.#deliveries.failed(batch, outcome, retryInMs);
        this.status.is(retryInMs === undefined ? 'stopped' : 'waiting', outcome.message, outcome.remedy);
        if (retryInMs === undefined) return false;
        await lastValueFrom(timer(retryInMs).pipe(takeUntil(end$)), { defaultValue: 0 });
        continue;
      }
      failures = 0;
      this.#deliveries.delivered(batch, outcome);
      this.status.delivered(outcome);
      this.status.is('idle');
      for (const problem of outcome.problems) this.#deliveries.problem(problem);
      if (outcome.held !== undefined) this.#deliveries.held(outcome.held);
      if (outcome.problems.length > 0 || outcome.held !== undefined) return false;
      if (outcome.recheck.length === 0) return true;
      if (batch.number === ONCE_PASSES) {
        this.log.warn(`${outcome.recheck.length} names kept changing while they were read`);
        return false;
      }
      const entries = outcome.recheck.toSorted().map((name) => ({ path: name, hints: 0 }));
      batch = {
        number: batch.number + 1,
        reason: 'startup',
        moves: [],
        entries,
        subtrees: [],
        contentSubtrees: [],
      };
    }
  }

  /** How long to wait before the next attempt; undefined: there is none. */
  #insistsAfter({ scope }: Failed, failures: number): number | undefined {
    if (this.#options.insists !== true || scope === 'configuration') return undefined;
    return pauseMs(MIRROR_DEFAULTS.targetBackOff, failures);
  }

  /** Waits for the hooks that are due, as long as the end may take yet, and ends all children; afterwards none is left. */
  async close(): Promise<void> {
    await this.#target.close();
    await this.#hooks.close(this.#options.once ? Infinity : this.#ending.drainLeftMs());
  }

  #begin(): void {
    this.log.info(`mirror ${this.#options.sourcePath} to ${this.#target.name}`);
    this.#target.begin();
  }

  #settings(): MirrorSettings {
    const { quietMs, maxDelayMs, maxNames } = this.#options;
    return {
      quietMs,
      maxMs: maxDelayMs,
      maxEntries: maxNames,
      writingQuietMs: Math.max(2_000, 2 * quietMs),
      capabilities: this.#target.capabilities,
    };
  }

  /** The times of the crontab that counts. */
  #fullSyncs(): Observable<void> {
    return this.#crontab$.pipe(
      distinctUntilChanged((before, after) => before.join('\0') === after.join('\0')),
      switchMap((crontab) => crontabDue(crontab)),
      tap(() => {
        this.log.info('crontab: all is compared');
      }),
    );
  }

  #compare(): void {
    const records = [...this.#toCompare].map((directory): WatchEvent => {
      return { kind: 'rescan', directory, reason: 'recovered' };
    });
    this.#toCompare.clear();
    if (records.length > 0) this.#events?.tell(encodeEventBatch(records));
  }

  async #deliverWithHooks(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    await this.#hooks.before(batch, signal);
    if (signal.aborted) return { kind: 'failed', scope: 'batch', message: 'ended before it was begun' };
    const outcome = await this.#target.deliver(batch, { signal, report: this.#deliveries.event });
    this.#hooks.after(batch, outcome);
    return outcome;
  }

  /** One delivery; unsubscribing ends it. */
  #deliver(batch: Batch): Observable<Outcome> {
    return new Observable<Outcome>((subscriber) => {
      // It ends without an outcome: what was to be delivered is no concern of anybody any more.
      if (this.#isRetiring) return;
      const controller = new AbortController();
      this.#deliveries.begin(batch);
      const signal = AbortSignal.any([controller.signal, this.#ending.abort]);
      return from(this.#deliverWithHooks(batch, signal))
        .pipe(
          finalize(() => {
            controller.abort();
          }),
        )
        .subscribe(subscriber);
    });
  }
}
