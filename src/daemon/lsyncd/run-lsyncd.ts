import path from 'node:path';
import { filter, tap } from 'rxjs';
import { loadAddon } from '../../addon/load-addon.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { mirrorsOf, settingsOf } from '../config-mirrors.ts';
import type { Log } from '../log.ts';
import { openLogFile } from '../log-file.ts';
import { takePidFile } from '../pid-file.ts';
import type { ProgramIo } from '../program-io.ts';
import { runMirrors } from '../run-mirrors.ts';
import { consoleSink, fileSink, syslogSink } from './log-sinks.ts';
import { createLsyncdLog, type LogSink } from './lsyncd-log.ts';
import { configOfRequest } from './lsyncd-mirrors.ts';
import type { LsyncdRequest, LsyncdSettings } from './lsyncd-request.ts';

/** How this process runs: in the foreground, or as the daemon that a program in the foreground has started. */
export interface LsyncdMode {
  readonly isDaemon: boolean;
  /** Called once, when the configuration is checked, the pid file is ours and the log is open. */
  readonly ready: () => void;
}

/** Lsyncd's exit status for everything that went wrong. */
const FAILED = 255;

/**
 * Mirrors what a command line of Lsyncd's asks for, from `directory`. Resolves with Lsyncd's exit status: 0 when all was to
 * be done once and is done, 128 + n for signal n, else 255. What went wrong after the log was opened is in the log; before
 * that a SynclineError is thrown.
 */
export async function runLsyncd(
  request: LsyncdRequest,
  directory: string,
  mode: LsyncdMode,
  io: ProgramIo,
): Promise<number> {
  const addon = loadAddon();
  const { settings } = request;
  const at = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : path.resolve(directory, file);
  const sinks = openSinks(settings, at(settings.logfile), mode, io, addon);
  const log = createLsyncdLog(sinks, request.log);
  const pidPath = at(settings.pidfile);
  const pidFile = pidPath === undefined ? undefined : takePidFile(pidPath, addon);
  const start = { isReady: false };
  const frame = {
    log,
    ready: () => {
      start.isReady = true;
      mode.ready();
    },
  };
  try {
    const config = configOfRequest(request, directory);
    const mirrors = mirrorsOf(config).map((mirror) => ({ ...mirror, insists: settings.insist === true }));
    const status = await runMirrors(mirrors, settingsOf(config), untilEnded(io, log), frame);
    return status === 1 ? FAILED : status;
  } catch (error) {
    // The program in the foreground says it, where there is one.
    if (mode.isDaemon && !start.isReady) throw error;
    if (error instanceof SynclineError)
      log.error(error.message, error.remedy === undefined ? {} : { remedy: error.remedy });
    else log.error(`this is a fault of the program: ${String((error as Error).stack ?? error)}`);
    return FAILED;
  } finally {
    pidFile?.release();
  }
}

function openSinks(
  { logfacility = 'user', logident = 'lsyncd' }: LsyncdSettings,
  logPath: string | undefined,
  { isDaemon }: LsyncdMode,
  io: ProgramIo,
  addon: ReturnType<typeof loadAddon>,
): readonly LogSink[] {
  const sinks: LogSink[] = isDaemon ? [] : [consoleSink(io)];
  if (logPath !== undefined) sinks.push(fileSink(openLogFile(logPath)));
  if (sinks.length === 0) sinks.push(syslogSink({ addon, facility: logfacility, identity: logident }));
  return sinks;
}

/** A reader of the log that is gone is no reason to end, and neither is HUP: there is no file to read again. */
function untilEnded(io: ProgramIo, log: Log): ProgramIo {
  return {
    ...io,
    signals$: io.signals$.pipe(
      tap((signal) => {
        if (signal === 'SIGHUP')
          log.info('HUP: nothing to read again, the syncs are those of the command line');
      }),
      filter((signal) => signal === 'SIGTERM' || signal === 'SIGINT'),
    ),
  };
}
