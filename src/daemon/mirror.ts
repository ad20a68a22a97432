import { loadAddon } from '../addon/load-addon.ts';
import { parseRules } from '../filter/parse-rules.ts';
import { rsyncFilter } from '../filter/rsync-filter.ts';
import { pathFromText, pathToBuffer } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { checkTargetsApart } from '../target/check-targets.ts';
import { directoryIdentity } from '../target/local-target.ts';
import { createTarget, rsyncTargetName, type TargetSource } from './create-target.ts';
import { checkHooks, DeliveryHooks } from './delivery-hooks.ts';
import { createDeliveryLog } from './delivery-log.ts';
import { type Ending, endOnSignals } from './end-on-signals.ts';
import { createLog, type Log, wantsColours, withFields } from './log.ts';
import type { MirrorOptions } from './mirror-options.ts';
import { type ProgramIo, signalExitStatus } from './program-io.ts';
import { createProgress, type Progress } from './progress.ts';
import { createScreen } from './screen.ts';
import { shareProgress } from './shared-progress.ts';
import { openSourceEvents } from './source-events.ts';
import { DRAIN_MS, TargetMirror } from './target-mirror.ts';
import { createWatchLog } from './watch-log.ts';

/**
 * Mirrors one source to all its targets until it is told to end; resolves with the exit status: 0 after `--once`
 * delivered everything to every target, 1 when it did not or no target can work, 128 + n for signal n. Throws a
 * SynclineError for what can be known to be wrong before anything is touched. When it settles no watch runs and no child
 * is left.
 */
export async function runMirror(options: MirrorOptions, io: ProgramIo): Promise<number> {
  const screen = createScreen(io);
  const colours = wantsColours(io.stdout, io.environment);
  const log = createLog(screen.lines, { level: options.logLevel, format: options.logFormat }, colours);
  const progress = createProgress(screen, log);
  const addon = loadAddon();
  const source = pathFromText(options.sourcePath);
  const rules = parseRules(options.filterArguments, addon);
  checkTargetsApart(options.targets.map(rsyncTargetName));
  checkHooks(options.hooks);
  const rsyncRules = rsyncFilter(rules);
  const graceful = options.once
    ? 'ending'
    : `delivering what is pending, for at most ${DRAIN_MS / 1000} s; a second signal ends at once`;
  const ending = endOnSignals(io, log, graceful);
  const shared: TargetSource = {
    source,
    sourceIdentity: directoryIdentity(pathToBuffer(source)),
    rules,
    filterArguments: rsyncRules.arguments,
    addon,
    environment: io.environment,
  };
  let mirrors: readonly TargetMirror[] = [];
  try {
    mirrors = createMirrors(options, shared, { log, progress, ending });
    const ready = await prepare(mirrors);
    if (options.once) return await syncOnce(ready, mirrors.length, ending);
    const events = openSourceEvents(addon, source, rules, createWatchLog(log, progress));
    try {
      await Promise.all(ready.map((mirror) => mirror.keepEqual(events)));
    } catch (error) {
      // A bug in one of them must not leave the others at work.
      ending.now();
      throw error;
    } finally {
      events.close();
    }
    const signal = ending.signal();
    return signal === undefined ? 1 : signalExitStatus(signal);
  } finally {
    progress.end();
    await Promise.all(mirrors.map((mirror) => mirror.close()));
    ending.close();
    rsyncRules.close();
  }
}

interface SharedParts {
  readonly log: Log;
  readonly progress: Progress;
  readonly ending: Ending;
}

/** Where there are several, every line of the log says which one it is about. */
function createMirrors(
  options: MirrorOptions,
  shared: TargetSource,
  { log, progress, ending }: SharedParts,
): TargetMirror[] {
  const isOne = options.targets.length === 1;
  const progressOfOne = isOne ? () => progress : shareProgress(progress);
  return options.targets.map((place) => {
    const target = createTarget(place, options, shared);
    const { name } = target;
    const ownLog = isOne ? log : withFields(log, { target: name });
    const deliveries = createDeliveryLog(ownLog, progressOfOne(), options.dryRun);
    const hooks = new DeliveryHooks({
      hooks: options.hooks,
      source: shared.source,
      target: name,
      environment: shared.environment,
      log: ownLog,
      abort: ending.abort,
    });
    return new TargetMirror({ target, options, log: ownLog, deliveries, hooks, ending });
  });
}

/**
 * Those that can work. The others say why and are left out; throws a SynclineError when none is left: that of the
 * target itself if there is only one.
 */
async function prepare(mirrors: readonly TargetMirror[]): Promise<readonly TargetMirror[]> {
  const results = await Promise.allSettled(mirrors.map((mirror) => mirror.prepare()));
  const ready: TargetMirror[] = [];
  for (const [index, mirror] of mirrors.entries()) {
    const result = results[index];
    if (result?.status !== 'rejected') ready.push(mirror);
    else if (!(result.reason instanceof SynclineError) || mirrors.length === 1) throw result.reason;
    else mirror.stopped(result.reason.message, result.reason.remedy);
  }
  if (ready.length === 0) throw new SynclineError('TARGET', `none of the ${mirrors.length} targets can work`);
  return ready;
}

/** The only sync of each target, side by side; the first signal ends all at once. `wanted` counts those left out too. */
async function syncOnce(ready: readonly TargetMirror[], wanted: number, ending: Ending): Promise<number> {
  const aborted = ending.finish$.subscribe(() => {
    ending.now();
  });
  try {
    const done = await Promise.all(ready.map((mirror) => mirror.syncOnce()));
    const signal = ending.signal();
    if (signal !== undefined) return signalExitStatus(signal);
    return done.length === wanted && done.every(Boolean) ? 0 : 1;
  } finally {
    aborted.unsubscribe();
  }
}
