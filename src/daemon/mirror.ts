import {
  finalize,
  from,
  lastValueFrom,
  Observable,
  takeUntil,
  tap,
  timer,
  merge,
  fromEvent,
  switchMap,
} from 'rxjs';
import type { NativeAddon, NativeFilter } from '../addon/addon.ts';
import { loadAddon } from '../addon/load-addon.ts';
import type { FilterPurpose } from '../filter/filter-rule.ts';
import type { FilterRules } from '../filter/filter-rules.ts';
import { parseRules } from '../filter/parse-rules.ts';
import { rsyncFilter } from '../filter/rsync-filter.ts';
import type { Batch } from '../model/batch.ts';
import type { EventBatch } from '../model/event-batch.ts';
import type { Outcome } from '../model/outcome.ts';
import { pathFromText, pathToBuffer, ROOT_PATH } from '../model/path-bytes.ts';
import type { MirrorReport } from '../pipeline/mirror-report.ts';
import { mirror, MIRROR_DEFAULTS } from '../pipeline/mirror.ts';
import { select } from '../pipeline/select.ts';
import { createDirectTarget } from '../target/direct/direct-target.ts';
import { createRsyncTarget } from '../target/rsync/rsync-target.ts';
import type { Target } from '../target/target.ts';
import { openWatch, type Watch } from '../watch/open-watch.ts';
import { createDeliveryLog, type DeliveryLog } from './delivery-log.ts';
import { type Ending, endOnSignals } from './end-on-signals.ts';
import { createLog, type Log, wantsColours } from './log.ts';
import type { MirrorOptions } from './mirror-options.ts';
import { type ProgramIo, signalExitStatus } from './program-io.ts';
import { createProgress } from './progress.ts';
import { createScreen } from './screen.ts';
import { selectBatch } from './select-batch.ts';
import { createWatchLog } from './watch-log.ts';

/** What is pending when a signal comes may take this long to deliver. */
const DRAIN_MS = 5_000;

/** Passes over what changed while the only sync of `--once` was reading it. */
const ONCE_PASSES = 3;

/** What the parts of one run share. */
interface MirrorRun {
  readonly options: MirrorOptions;
  readonly target: Target;
  readonly log: Log;
  readonly deliveries: DeliveryLog;
  readonly ending: Ending;
}

/**
 * Mirrors until it is told to end; resolves with the exit status: 0 after `--once` delivered everything, 1 when it did
 * not or the target cannot work, 128 + n for signal n. Throws a SynclineError for what can be known to be wrong before
 * anything is touched. When it settles no watch runs and no child is left.
 */
export async function runMirror(options: MirrorOptions, io: ProgramIo): Promise<number> {
  const screen = createScreen(io);
  const colours = wantsColours(io.stdout, io.environment);
  const log = createLog(screen.lines, { level: options.logLevel, format: options.logFormat }, colours);
  const progress = createProgress(screen, log);
  const deliveries = createDeliveryLog(log, progress, options.dryRun);
  const addon = loadAddon();
  const source = pathFromText(options.sourcePath);
  const rules = parseRules(options.filterArguments, addon);
  const { target, release } = createTarget(options, io, rules, addon);
  const graceful = options.once
    ? 'ending'
    : `delivering what is pending, for at most ${DRAIN_MS / 1000} s; a second signal ends at once`;
  const ending = endOnSignals(io, log, graceful);
  const run: MirrorRun = { options, target, log, deliveries, ending };
  try {
    await target.prepare({ signal: ending.abort, report: deliveries.event });
    log.info(`mirror ${options.sourcePath} to ${options.target}`);
    if (options.once) return await syncOnce(run);
    const filter = rules.compile(pathToBuffer(source));
    const watch = openWatch(addon, { root: pathToBuffer(source), ...(filter ? { filter } : {}) });
    try {
      const seen$ = watch.batches$.pipe(tap(createWatchLog(log, progress)), select(selectBatch(filter)));
      return await mirrorLive(run, watch, seen$);
    } finally {
      watch.close();
    }
  } finally {
    ending.close();
    progress.end();
    await target.close();
    release();
  }
}

/** The target asked for; `release` is to be called after its end. Throws a SynclineError for what cannot work. */
function createTarget(
  options: MirrorOptions,
  io: ProgramIo,
  rules: FilterRules,
  addon: NativeAddon,
): { readonly target: Target; readonly release: () => void } {
  const source = pathFromText(options.sourcePath);
  if (options.direct) {
    const compile = (purpose: FilterPurpose): NativeFilter | undefined =>
      rules.compile(pathToBuffer(source), purpose);
    const target = createDirectTarget({
      source,
      target: options.target,
      addon,
      deletes: options.deletePolicy,
      attributes: options.attributes,
      hidden: compile('send'),
      kept: compile('keep'),
      keptInDeleted: compile('keepInDeleted'),
      mkpath: options.makeTargetParents,
    });
    return { target, release: () => undefined };
  }
  const rsyncRules = rsyncFilter(rules);
  const target = createRsyncTarget({
    source,
    target: options.target,
    environment: io.environment,
    deletes: options.deletePolicy,
    filterArguments: rsyncRules.arguments,
    attributes: options.attributes,
    bandwidthLimit: options.bandwidthLimit,
    extraArguments: options.rsyncOptions,
    dryRun: options.dryRun,
    mkpath: options.makeTargetParents,
    maxProcesses: options.maxProcesses,
    timeoutSeconds: options.timeoutSeconds,
    rsyncProgram: options.rsyncProgram,
  });
  return {
    target,
    release: () => {
      rsyncRules.close();
    },
  };
}

/** Keeps the target equal until a signal comes or the target cannot work; resolves with the exit status. */
async function mirrorLive(run: MirrorRun, watch: Watch, batches$: Observable<EventBatch>): Promise<number> {
  const { options, target, deliveries, ending } = run;
  const settings = {
    ...MIRROR_DEFAULTS,
    quietMs: options.quietMs,
    maxMs: options.maxDelayMs,
    writingQuietMs: Math.max(2_000, 2 * options.quietMs),
    capabilities: target.capabilities,
    initial: options.initialSync,
  };
  const ports = {
    deliver: (batch: Batch) => deliver(run, batch),
    barrier: () => from(watch.barrier()),
    finish$: ending.finish$,
  };
  const endNow$ = merge(
    fromEvent(ending.abort, 'abort'),
    ending.finish$.pipe(
      switchMap(() => timer(DRAIN_MS)),
      tap(() => {
        run.log.warn(`not all could be delivered in ${DRAIN_MS / 1000} s`);
      }),
    ),
  );
  const report$ = batches$.pipe(
    mirror(settings, ports),
    tap((report) => {
      deliveries.report(report);
    }),
    takeUntil(endNow$),
  );
  const nothing: MirrorReport = { kind: 'finished', remaining: 0 };
  await lastValueFrom(report$, { defaultValue: nothing });
  const signal = ending.signal();
  return signal === undefined ? 1 : signalExitStatus(signal);
}

/** One compare of the whole tree, and what changed while it ran; resolves with the exit status. */
async function syncOnce(run: MirrorRun): Promise<number> {
  const { deliveries, ending, log } = run;
  const aborted = ending.finish$.subscribe(() => {
    ending.now();
  });
  let batch: Batch = { number: 1, reason: 'startup', moves: [], entries: [], subtrees: [ROOT_PATH] };
  try {
    for (;;) {
      const outcome = await lastValueFrom(deliver(run, batch));
      const signal = ending.signal();
      if (signal !== undefined) return signalExitStatus(signal);
      if (outcome.kind === 'failed') {
        deliveries.failed(batch, outcome, undefined);
        return 1;
      }
      deliveries.delivered(batch, outcome);
      for (const problem of outcome.problems) deliveries.problem(problem);
      if (outcome.problems.length > 0) return 1;
      if (outcome.recheck.length === 0) return 0;
      if (batch.number === ONCE_PASSES) {
        log.warn(`${outcome.recheck.length} names kept changing while they were read`);
        return 1;
      }
      const entries = outcome.recheck.toSorted().map((name) => ({ path: name, hints: 0 }));
      batch = { number: batch.number + 1, reason: 'startup', moves: [], entries, subtrees: [] };
    }
  } finally {
    aborted.unsubscribe();
  }
}

/** One delivery; unsubscribing ends it. */
function deliver({ target, deliveries, ending }: MirrorRun, batch: Batch): Observable<Outcome> {
  return new Observable<Outcome>((subscriber) => {
    const controller = new AbortController();
    deliveries.begin(batch);
    const signal = AbortSignal.any([controller.signal, ending.abort]);
    const outcome$ = from(target.deliver(batch, { signal, report: deliveries.event }));
    return outcome$
      .pipe(
        finalize(() => {
          controller.abort();
        }),
      )
      .subscribe(subscriber);
  });
}
