import type { NativeAddon } from '../addon/addon.ts';
import { loadAddon } from '../addon/load-addon.ts';
import { thrownText } from '../model/error-origin.ts';
import { pathFromText } from '../model/path-bytes.ts';
import { MIRROR_DEFAULTS } from '../pipeline/mirror.ts';
import { ProcessSlots } from '../target/process-slots.ts';
import { checkNoRing } from '../target/check-rings.ts';
import { checkTargetsApart } from '../target/check-targets.ts';
import { SshMasters } from '../target/ssh/ssh-masters.ts';
import { Tunnels } from '../target/tunnel/tunnels.ts';
import { targetAddresses } from './create-target.ts';
import { createDeliveryLog } from './delivery-log.ts';
import { DRAIN_MS, endOnSignals } from './end-on-signals.ts';
import { createLog, type Log, type LogOptions, wantsColours } from './log.ts';
import { openLogFile } from './log-file.ts';
import type { MirrorOptions, RunSettings } from './mirror-options.ts';
import { MirrorSet } from './mirror-set.ts';
import { takePidFile } from './pid-file.ts';
import { type ProgramIo, signalExitStatus } from './program-io.ts';
import { plainScreen } from './plain-screen.ts';
import { createProgress } from './progress.ts';
import type { RunFrame } from './run-frame.ts';
import type { Screen } from './screen.ts';
import { shareProgress } from './shared-progress.ts';
import { StatusBoard } from './status-board.ts';
import { StatusFile } from './status-file.ts';
import { statusJson } from './status-json.ts';
import { catchStrayErrors } from './stray-errors.ts';
import { planRun } from './target-plan.ts';

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
  const hasBar = frame.log === undefined && io.stderr.isTTY === true;
  const screen = hasBar ? (await import('./screen.ts')).createScreen(io) : plainScreen(io.stdout);
  const logOptions = { level: settings.logLevel, format: settings.logFormat };
  const log = frame.log ?? openLog(settings.logFile, logOptions, screen, io);
  const addon = loadAddon();
  const pidFile = settings.pidFile === undefined ? undefined : takePidFile(settings.pidFile, addon);
  try {
    const statusFile = openStatusFile(settings, frame, log);
    const useLog = ({ logLevel, logFormat }: RunSettings): void => {
      Object.assign(logOptions, { level: logLevel, format: logFormat });
    };
    try {
      return await runAll(mirrors, settings, {
        io,
        frame,
        addon,
        log,
        useLog,
        screen,
        board: statusFile?.board,
        release: () => {
          statusFile?.close();
          pidFile?.release();
        },
      });
    } finally {
      statusFile?.close();
    }
  } finally {
    pidFile?.release();
  }
}

/** `options` may change. */
function openLog(file: string | undefined, options: LogOptions, screen: Screen, io: ProgramIo): Log {
  if (file !== undefined) return createLog(openLogFile(file, io.stderr), options, false);
  return createLog(screen.lines, options, wantsColours(io.stdout, io.environment));
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
  readonly useLog: (settings: RunSettings) => void;
  readonly screen: Screen;
  readonly board: StatusBoard | undefined;
  /** Leaves the files of the run as they are to be at its end. */
  readonly release: () => void;
}

async function runAll(
  mirrors: readonly MirrorOptions[],
  settings: RunSettings,
  { io, frame, addon, log, useLog, screen, board = new StatusBoard(), release }: RunOutputs,
): Promise<number> {
  const progress = createProgress(screen, log);
  const graceful = mirrors.every(({ once }) => once)
    ? 'ending'
    : `delivering what is pending, for at most ${DRAIN_MS / 1000} s in all; a second signal ends at once`;
  const ending = endOnSignals(io, log, graceful);
  let lastResort: NodeJS.Timeout | undefined;
  const leaveErrors = catchStrayErrors({
    tell: (message, remedy) => {
      log.error(message, remedy === undefined ? {} : { remedy });
    },
    fail: (error) => {
      const stack = error instanceof Error ? (error.stack ?? error.message) : thrownText(error);
      log.error(
        `an exception that nobody has caught ends the program; no file of yours is in its stack, so that this may be a fault of the program itself: ${stack}`,
      );
      // What is broken may be what the end would wait for.
      lastResort = setTimeout(() => {
        release();
        process.exit(1);
      }, 2 * DRAIN_MS);
      ending.fail();
    },
  });
  const slots = new ProcessSlots(Infinity);
  const tunnels = new Tunnels(createDeliveryLog(log, progress, false).event, board.tunnelsChanged);
  board.tunnels = () => tunnels.look();
  const set = new MirrorSet({
    addon,
    log,
    board,
    watchProgress: shareProgress(progress, 'sources'),
    targetProgress: shareProgress(progress, 'targets'),
    maxPendingEntries: (targetCount) =>
      Math.max(MIN_PENDING_ENTRIES, Math.floor(MIRROR_DEFAULTS.maxPendingEntries / targetCount)),
    slots,
    masters: new SshMasters(),
    tunnels,
    environment: io.environment,
    ending,
    useSettings: (changed) => {
      useLog(changed);
      slots.resize(changed.maxTotalProcesses ?? Infinity);
    },
  });
  try {
    checkTargetsApart(
      mirrors.flatMap(({ targets, deletePolicy }, source) =>
        targetAddresses(targets).map((target) => ({ ...target, source, deletes: deletePolicy !== 'no' })),
      ),
    );
    checkNoRing(
      mirrors.map(({ sourcePath, targets }) => ({
        source: pathFromText(sourcePath),
        targets: targetAddresses(targets),
      })),
    );
    await set.start(planRun(mirrors, settings, addon), frame.ready);
    frame.changer?.begin(set, log, ending);
    const isDelivered = await set.done();
    const signal = ending.signal();
    const wanted = ending.exitStatus();
    if (wanted !== undefined) return wanted;
    return signal === undefined ? (isDelivered ? 0 : 1) : signalExitStatus(signal);
  } catch (error) {
    // A bug in one of them must not leave the others at work.
    ending.now();
    throw error;
  } finally {
    frame.changer?.end();
    progress.end();
    await set.close();
    ending.close();
    leaveErrors();
    clearTimeout(lastResort);
  }
}
