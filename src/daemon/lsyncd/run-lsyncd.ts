import path from 'node:path';
import { filter } from 'rxjs';
import { loadAddon } from '../../addon/load-addon.ts';
import { ConfigError } from '../../config/config-error.ts';
import { LuaExit } from '../../config/lsyncd/lua-failure.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { mirrorsOf, settingsOf } from '../config-mirrors.ts';
import { ConfigReload, type ReadPlan } from '../config-reload.ts';
import { explainUnable } from '../explain-unable.ts';
import type { Log } from '../log.ts';
import type { MirrorOptions, RunSettings } from '../mirror-options.ts';
import { openLogFile } from '../log-file.ts';
import type { ProgramIo } from '../program-io.ts';
import { runMirrors } from '../run-mirrors.ts';
import { planRun } from '../target-plan.ts';
import { consoleSink, fileSink, syslogSink } from './log-sinks.ts';
import { loadRequest, type LoadedRequest } from './load-request.ts';
import { lsyncdStatus } from './lsyncd-status.ts';
import { createLsyncdLog, type LogSink } from './lsyncd-log.ts';
import type { LsyncdRequest, LsyncdSettings } from './lsyncd-request.ts';

/** How this process runs. */
export interface LsyncdMode {
  /** In the foreground: starts the daemon, if there is to be one. Resolves when it is ready. */
  readonly startDaemon?: () => Promise<void>;
  /** In the daemon. Called once, when the configuration is checked, the pid file is ours and the log is open. */
  readonly ready?: () => void;
}

const STATUS_INTERVAL_SECONDS = 10;

/** Lsyncd's exit status for everything that went wrong. */
const FAILED = 255;

/**
 * Mirrors what a command line of Lsyncd's asks for, from the absolute `directory`. Resolves with Lsyncd's exit status: 0 when
 * the daemon is ready, or all was to be done once and is done, 128 + n for signal n, else 255. What went wrong after the log
 * was opened is in the log; before that a SynclineError is thrown.
 */
export async function runLsyncd(
  request: LsyncdRequest,
  directory: string,
  mode: LsyncdMode,
  io: ProgramIo,
): Promise<number> {
  const loaded = await loadOrEnd(request, directory, io);
  if (typeof loaded === 'number') return loaded;
  if (loaded.settings.nodaemon !== true && mode.startDaemon !== undefined) {
    await mode.startDaemon();
    return 0;
  }
  const settings = withPlaces(loaded.settings, directory);
  const log = createLsyncdLog(openSinks(settings, mode, io), request.log);
  const start = { isReady: mode.ready === undefined };
  const ready = (): void => {
    start.isReady = true;
    mode.ready?.();
  };
  try {
    const again = async (): Promise<ReadPlan> => {
      const fresh = await loadRequest(request, directory, io);
      return readAgain({ ...fresh, settings: withPlaces(fresh.settings, directory) }, log);
    };
    return await run({ ...loaded, settings }, again, log, ready, io);
  } catch (error) {
    // The program in the foreground says it.
    if (!start.isReady) throw error;
    if (error instanceof SynclineError)
      log.error(error.message, error.remedy === undefined ? {} : { remedy: error.remedy });
    else log.error(`this is a fault of the program: ${(error as Error).stack ?? ''}`);
    return FAILED;
  }
}

/** The exit status where a Lua file ends the program by itself. */
async function loadOrEnd(
  request: LsyncdRequest,
  directory: string,
  io: ProgramIo,
): Promise<LoadedRequest | number> {
  try {
    return await loadRequest(request, directory, io);
  } catch (error) {
    if (error instanceof ConfigError && error.cause instanceof LuaExit) return error.cause.exitStatus;
    throw error;
  }
}

async function run(
  loaded: LoadedRequest,
  again: () => Promise<ReadPlan>,
  log: Log,
  ready: () => void,
  io: ProgramIo,
): Promise<number> {
  for (const notice of loaded.notices) log.warn(notice);
  const changer = new ConfigReload(io.hangUps$, again);
  const frame = { log, ready, renderStatus: lsyncdStatus, changer };
  try {
    const status = await runMirrors(mirrorsIn(loaded), settingsIn(loaded), untilEnded(io), frame);
    return status === 1 ? FAILED : status;
  } finally {
    changer.end();
  }
}

/** What HUP asks for. */
function readAgain(loaded: LoadedRequest, log: Log): ReadPlan {
  for (const notice of loaded.notices) log.warn(notice);
  const { document, config } = loaded;
  return {
    plan: planRun(mirrorsIn(loaded), settingsIn(loaded), loadAddon()),
    explain: (unable) => explainUnable(unable, document, config),
  };
}

function mirrorsIn({ config, settings }: LoadedRequest): readonly MirrorOptions[] {
  const insists = settings.insist === true;
  return mirrorsOf(config).map((mirror) => ({ ...mirror, makeTargetParents: undefined, insists }));
}

function settingsIn({ config, settings }: LoadedRequest): RunSettings {
  return {
    ...settingsOf(config),
    logFile: settings.logfile,
    pidFile: settings.pidfile,
    statusFile: settings.statusFile,
    statusIntervalMs: (settings.statusInterval ?? STATUS_INTERVAL_SECONDS) * 1000,
  };
}

/** Names of files made absolute: the daemon leaves the directory. */
function withPlaces(settings: LsyncdSettings, directory: string): LsyncdSettings {
  const files = (['logfile', 'pidfile', 'statusFile'] as const).flatMap((key) => {
    const file = settings[key];
    return file === undefined ? [] : [[key, path.resolve(directory, file)]];
  });
  return { ...settings, ...Object.fromEntries(files) } as LsyncdSettings;
}

function openSinks(settings: LsyncdSettings, { ready }: LsyncdMode, io: ProgramIo): readonly LogSink[] {
  const { logfile, logfacility = 'user', logident = 'lsyncd' } = settings;
  const isDaemon = ready !== undefined;
  const sinks: LogSink[] = isDaemon ? [] : [consoleSink(io)];
  if (logfile !== undefined) sinks.push(fileSink(openLogFile(logfile)));
  if (sinks.length === 0)
    sinks.push(syslogSink({ addon: loadAddon(), facility: logfacility, identity: logident }));
  return sinks;
}

/** A reader of the log that is gone is no reason to end, and neither is HUP. */
function untilEnded(io: ProgramIo): ProgramIo {
  const signals$ = io.signals$.pipe(filter((signal) => signal === 'SIGTERM' || signal === 'SIGINT'));
  return { ...io, signals$ };
}
