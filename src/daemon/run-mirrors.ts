import type { NativeAddon } from '../addon/addon.ts';
import { loadAddon } from '../addon/load-addon.ts';
import { pathFromText } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { MIRROR_DEFAULTS } from '../pipeline/mirror.ts';
import { ProcessSlots } from '../target/process-slots.ts';
import { checkNoRing } from '../target/check-rings.ts';
import { checkTargetsApart } from '../target/check-targets.ts';
import { SshMasters } from '../target/ssh/ssh-masters.ts';
import { rsyncTargetNames } from './create-target.ts';
import { DRAIN_MS, endOnSignals } from './end-on-signals.ts';
import { createLog, type Log, wantsColours } from './log.ts';
import { openLogFile } from './log-file.ts';
import type { MirrorOptions, RunSettings } from './mirror-options.ts';
import { takePidFile } from './pid-file.ts';
import { type ProgramIo, signalExitStatus } from './program-io.ts';
import { createProgress } from './progress.ts';
import type { RunFrame } from './run-frame.ts';
import { createScreen, type Screen } from './screen.ts';
import { shareProgress } from './shared-progress.ts';
import { openSources } from './source-events.ts';
import { type RunParts, SourceMirror } from './source-mirror.ts';
import { StatusBoard } from './status-board.ts';
import { StatusFile } from './status-file.ts';
import { statusJson } from './status-json.ts';

/** No target may keep fewer dirty names than this before directories degrade to rescans. */
const MIN_PENDING_ENTRIES = 50_000;

/**
 * Runs all mirrors in this process until it is told to end; sources that are the same or lie inside one another share a
 * watch. Resolves with the exit status: 0 after all were `once` and delivered everything to every target, 1 when they did
 * not or no target can work any more, 128 + n for signal n. A source or target that fails is told of and left out; throws
 * a SynclineError when none is left (the failure itself if there is only one), and for what can be known to be wrong
 * before anything is touched. When it settles no watch runs and no child is left.
 */
export async function runMirrors(
  mirrors: readonly MirrorOptions[],
  settings: RunSettings,
  io: ProgramIo,
  frame: RunFrame = {},
): Promise<number> {
  const screen = createScreen(frame.log === undefined ? io : { stdout: io.stdout, stderr: NO_TERMINAL });
  const log = frame.log ?? openLog(settings, screen, io);
  const addon = loadAddon();
  const pidFile = settings.pidFile === undefined ? undefined : takePidFile(settings.pidFile, addon);
  try {
    const statusFile = openStatusFile(settings, frame, log);
    try {
      return await runAll(mirrors, settings, { io, frame, addon, log, screen, board: statusFile?.board });
    } finally {
      statusFile?.close();
    }
  } finally {
    pidFile?.release();
  }
}

function openLog(
  { logLevel: level, logFormat: format, logFile }: RunSettings,
  screen: Screen,
  io: ProgramIo,
): Log {
  if (logFile !== undefined) return createLog(openLogFile(logFile, io.stderr), { level, format }, false);
  return createLog(screen.lines, { level, format }, wantsColours(io.stdout, io.environment));
}

const STATUS_INTERVAL_MS = 10_000;

function openStatusFile(
  { statusFile: path, statusIntervalMs: intervalMs = STATUS_INTERVAL_MS }: RunSettings,
  { renderStatus: render = statusJson }: RunFrame,
  log: Log,
): StatusFile | undefined {
  return path === undefined ? undefined : new StatusFile({ path, intervalMs, render }, log);
}

interface RunOutputs {
  readonly io: ProgramIo;
  readonly frame: RunFrame;
  readonly addon: NativeAddon;
  readonly log: Log;
  readonly screen: Screen;
  readonly board: StatusBoard | undefined;
}

async function runAll(
  mirrors: readonly MirrorOptions[],
  settings: RunSettings,
  { io, frame, addon, log, screen, board = new StatusBoard() }: RunOutputs,
): Promise<number> {
  const progress = createProgress(screen, log);
  const targetCount = mirrors.reduce((sum, { targets }) => sum + targets.length, 0);
  const graceful = mirrors.every(({ once }) => once)
    ? 'ending'
    : `delivering what is pending, for at most ${DRAIN_MS / 1000} s in all; a second signal ends at once`;
  const ending = endOnSignals(io, log, graceful);
  const parts: RunParts = {
    addon,
    log,
    board,
    namesSource: mirrors.length > 1,
    namesTarget: targetCount > 1,
    watchProgress: shareProgress(progress, 'sources'),
    targetProgress: shareProgress(progress, 'targets'),
    maxPendingEntries: Math.max(
      MIN_PENDING_ENTRIES,
      Math.floor(MIRROR_DEFAULTS.maxPendingEntries / targetCount),
    ),
    slots:
      settings.maxTotalProcesses === undefined ? undefined : new ProcessSlots(settings.maxTotalProcesses),
    masters: new SshMasters(),
    environment: io.environment,
    ending,
  };
  const sources: SourceMirror[] = [];
  try {
    checkTargetsApart(
      mirrors.flatMap(({ targets, deletePolicy }, source) =>
        rsyncTargetNames(targets).map((name) => ({ name, source, deletes: deletePolicy !== 'no' })),
      ),
    );
    checkNoRing(
      mirrors.map(({ sourcePath, targets }) => ({
        source: pathFromText(sourcePath),
        targets: rsyncTargetNames(targets),
      })),
    );
    for (const options of mirrors) sources.push(new SourceMirror(options, parts));
    for (const source of sources) source.createTargets();
    await prepare(sources, targetCount);
    frame.ready?.();
    const isDelivered = await runReady(sources, parts);
    const signal = ending.signal();
    const wanted = ending.exitStatus();
    if (wanted !== undefined) return wanted;
    return signal === undefined ? (isDelivered ? 0 : 1) : signalExitStatus(signal);
  } catch (error) {
    // A bug in one of them must not leave the others at work.
    ending.now();
    throw error;
  } finally {
    progress.end();
    await Promise.all(sources.map((source) => source.close()));
    ending.close();
  }
}

/** Where no bar is drawn. */
const NO_TERMINAL: ProgramIo['stderr'] = { write: () => undefined };

/** Leaves out what cannot work, and says why; throws a SynclineError when nothing is left. */
async function prepare(sources: readonly SourceMirror[], targetCount: number): Promise<void> {
  const unable = (await Promise.all(sources.map((source) => source.prepare()))).flat();
  const [first] = unable;
  // What is wrong with the only source is wrong with all its targets.
  if (first !== undefined && (targetCount === 1 || (sources.length === 1 && first.error.code === 'SOURCE')))
    throw first.error;
  for (const { mirror, error } of unable) mirror.stopped(error.message, error.remedy);
  if (unable.length === targetCount)
    throw new SynclineError('TARGET', `none of the ${targetCount} targets can work`);
}

/** Resolves with true when there was nothing to do but the first syncs, and all was delivered. */
async function runReady(
  sources: readonly SourceMirror[],
  { addon, ending, board }: RunParts,
): Promise<boolean> {
  const live = sources.filter(({ options, ready }) => !options.once && ready.length > 0);
  const opened = openSources(addon, live);
  board.directories = opened.directories;
  try {
    for (const [source, error] of opened.failed) {
      if (sources.length === 1) throw error;
      for (const mirror of source.ready) mirror.stopped(error.message, error.remedy);
    }
    const work = sources.map(async (source) => {
      const events = opened.events.get(source);
      if (source.options.once) return source.syncOnce();
      if (events !== undefined) await source.keepEqual(events);
      return false;
    });
    for (const one of work)
      one.catch(() => {
        ending.now();
      });
    return (await Promise.all(work)).every(Boolean);
  } finally {
    board.directories = () => 0;
    opened.close();
  }
}
