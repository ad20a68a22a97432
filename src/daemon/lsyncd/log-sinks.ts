import type { NativeAddon } from '../../addon/addon.ts';
import { pathFromText } from '../../model/path-bytes.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { ctime, syslogTime, timeOfDay } from '../ctime.ts';
import type { ProgramIo, TextOutput } from '../program-io.ts';
import type { LogSink } from './lsyncd-log.ts';

/** Errors to standard error, all else to standard output: `HH:MM:SS Category: message`. */
export function consoleSink({ stdout, stderr }: Pick<ProgramIo, 'stdout' | 'stderr'>): LogSink {
  return (category, message) => {
    const output = category === 'Error' ? stderr : stdout;
    output.write(`${timeOfDay(new Date())} ${category}: ${message}\n`);
  };
}

/** `Sun Nov  2 02:37:38 2026 Category: message`. */
export function fileSink(file: TextOutput): LogSink {
  return (category, message) => {
    file.write(`${ctime(new Date())} ${category}: ${message}\n`);
  };
}

/** Facilities of syslog(3) by their names, with their numbers. */
const FACILITIES: Readonly<Record<string, number>> = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`local${index}`, 16 + index])),
};

const SEVERITIES: Readonly<Record<string, number>> = { Error: 3, Warn: 4, Normal: 5, Info: 6 };
const DEBUG_SEVERITY = 7;

/** Where the system's log listens; the second of macOS. */
const SYSLOG_SOCKETS = ['/dev/log', '/var/run/syslog'];

export interface SyslogOptions {
  readonly addon: Pick<NativeAddon, 'sendDatagram'>;
  /** A name or number of syslog(3). */
  readonly facility: string | number;
  /** The name that lines are listed under. */
  readonly identity: string;
  /** Where to send to, the first that takes it. */
  readonly sockets?: readonly string[];
}

/**
 * One datagram of RFC 3164 for each line: `<PRI>Nov  2 02:37:38 IDENTITY: Category, message`. What nobody takes is lost.
 * Throws a SynclineError (USAGE) for an unknown facility.
 */
export function syslogSink({ addon, facility, identity, sockets = SYSLOG_SOCKETS }: SyslogOptions): LogSink {
  const number = facilityNumber(facility);
  const paths = sockets.map(pathFromText);
  return (category, message) => {
    const priority = number * 8 + (SEVERITIES[category] ?? DEBUG_SEVERITY);
    const line = `<${priority}>${syslogTime(new Date())} ${identity}: ${category}, ${message}`;
    const bytes = pathFromText(line);
    paths.some((path) => addon.sendDatagram(path, bytes) === 0);
  };
}

function facilityNumber(facility: string | number): number {
  const found = typeof facility === 'number' ? facility : FACILITIES[facility];
  if (found === undefined || !Number.isInteger(found) || found < 0 || found > 23)
    throw new SynclineError(
      'USAGE',
      `logfacility ${JSON.stringify(facility)} is unknown`,
      `allowed: ${Object.keys(FACILITIES).join(', ')}, or a number from 0 to 23`,
    );
  return found;
}
