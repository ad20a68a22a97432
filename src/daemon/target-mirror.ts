import { finalize, from, lastValueFrom, merge, Observable, switchMap, takeUntil, tap, timer } from 'rxjs';
import type { Batch } from '../model/batch.ts';
import type { Failed, Outcome } from '../model/outcome.ts';
import { ROOT_PATH } from '../model/path-bytes.ts';
import { pauseMs } from '../pipeline/back-off.ts';
import type { MirrorReport } from '../pipeline/mirror-report.ts';
import { mirror, MIRROR_DEFAULTS } from '../pipeline/mirror.ts';
import type { Target } from '../target/target.ts';
import type { DeliveryHooks } from './delivery-hooks.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { DRAIN_MS, type Ending } from './end-on-signals.ts';
import type { Log } from './log.ts';
import type { MirrorOptions } from './mirror-options.ts';
import type { SourceEvents } from './source-events.ts';
import type { StatusEntry } from './status-board.ts';

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

/** One target of a run: its deliveries, its books and its log. What goes wrong here is no concern of the other targets. */
export class TargetMirror {
  readonly #target: Target;
  readonly #options: MirrorOptions;
  readonly #maxPendingEntries: number;
  readonly #log: Log;
  readonly #deliveries: DeliveryLog;
  readonly #hooks: DeliveryHooks;
  readonly #ending: Ending;
  readonly #status: StatusEntry;

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
    this.#target = target;
    this.#options = options;
    this.#maxPendingEntries = maxPendingEntries;
    this.#log = log;
    this.#deliveries = deliveries;
    this.#hooks = hooks;
    this.#ending = ending;
    this.#status = status;
  }

  /** Throws a SynclineError when the target cannot work. */
  async prepare(): Promise<void> {
    await this.#target.prepare({ signal: this.#ending.abort, report: this.#deliveries.event });
    this.#log.info(`mirror ${this.#options.sourcePath} to ${this.#target.name}`);
  }

  /** The target cannot work: says so. */
  stopped(message: string, remedy: string | undefined): void {
    const advice = remedy === undefined ? {} : { remedy };
    this.#log.error(`stopped: ${message}`, advice);
    this.#status.is('stopped', message, remedy);
    this.#hooks.stopped({ kind: 'failed', scope: 'configuration', message, ...advice });
  }

  /** Keeps the target equal until a signal comes or the target cannot work. Subscribes to the events at once. */
  async keepEqual(events: SourceEvents): Promise<void> {
    const options = this.#options;
    const settings = {
      ...MIRROR_DEFAULTS,
      quietMs: options.quietMs,
      maxMs: options.maxDelayMs,
      maxEntries: options.maxNames,
      writingQuietMs: Math.max(2_000, 2 * options.quietMs),
      maxPendingEntries: this.#maxPendingEntries,
      capabilities: this.#target.capabilities,
      initial: options.initialSync,
    };
    const ports = {
      deliver: (batch: Batch) => this.#deliver(batch),
      barrier: events.barrier,
      openBooks: this.#status.openBooks,
      finish$: this.#ending.finish$,
    };
    const endNow$ = merge(
      this.#ending.abort$,
      this.#ending.finish$.pipe(
        switchMap(() => timer(this.#ending.drainLeftMs())),
        tap(() => {
          this.#log.warn(`not all could be delivered in ${DRAIN_MS / 1000} s`);
        }),
      ),
    );
    const report$ = events.batches$.pipe(
      mirror(settings, ports),
      tap((report) => {
        this.#deliveries.report(report);
        this.#status.report(report);
      }),
      takeUntil(endNow$),
    );
    const nothing: MirrorReport = { kind: 'finished', remaining: 0 };
    await lastValueFrom(report$, { defaultValue: nothing });
  }

  /**
   * One compare of the whole tree, and what changed while it ran; resolves with true when everything was delivered. With
   * `insists` a failure that another attempt may help is tried again. The first signal ends it at once.
   */
  async syncOnce(): Promise<boolean> {
    let batch: Batch = {
      number: 1,
      reason: 'startup',
      moves: [],
      entries: [],
      subtrees: [ROOT_PATH],
      contentSubtrees: [],
    };
    for (let failures = 0; ;) {
      this.#status.is('delivering');
      const delivery$ = this.#deliver(batch).pipe(takeUntil(this.#ending.finish$));
      const outcome = await lastValueFrom(delivery$, { defaultValue: undefined });
      if (outcome === undefined || this.#ending.signal() !== undefined) return false;
      if (outcome.kind === 'failed') {
        const retryInMs = this.#insistsAfter(outcome, ++failures);
        this.#deliveries.failed(batch, outcome, retryInMs);
        this.#status.is(retryInMs === undefined ? 'stopped' : 'waiting', outcome.message, outcome.remedy);
        if (retryInMs === undefined) return false;
        await lastValueFrom(timer(retryInMs).pipe(takeUntil(this.#ending.finish$)), { defaultValue: 0 });
        continue;
      }
      failures = 0;
      this.#deliveries.delivered(batch, outcome);
      this.#status.delivered(outcome);
      this.#status.is('idle');
      for (const problem of outcome.problems) this.#deliveries.problem(problem);
      if (outcome.held !== undefined) this.#deliveries.held(outcome.held);
      if (outcome.problems.length > 0 || outcome.held !== undefined) return false;
      if (outcome.recheck.length === 0) return true;
      if (batch.number === ONCE_PASSES) {
        this.#log.warn(`${outcome.recheck.length} names kept changing while they were read`);
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
