import { readFileSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import type { WatchEvent } from '../model/event-batch.ts';
import { displayPath } from '../model/path-bytes.ts';

/** A `coverage` record for people: one line, and what to do about it if there is something to do. */
export interface CoverageText {
  readonly text: string;
  readonly remedy?: string;
}

type CoverageEvent = Extract<WatchEvent, { kind: 'coverage' }>;

/** How many inotify watches this user may have, and the sysctl that says so. */
export interface WatchLimit {
  readonly sysctl: string;
  readonly value: number;
}

/** The limit of the whole system, and that of our user namespace: a container can have a lower one (user_namespaces(7)). */
const WATCH_LIMIT_SYSCTLS = ['fs.inotify.max_user_watches', 'user.max_inotify_watches'];

/** Puts a `coverage` record into words; for the watch limit names the sysctl, its value, the need and the line to type. */
export function describeCoverage(event: CoverageEvent, watchLimit = readWatchLimit()): CoverageText {
  const place = event.directory === '' ? 'the tree' : displayPath(event.directory);
  switch (event.state) {
    case 'scanning':
      return { text: event.reason === 'overflow' ? 'events were lost: scanning again' : `scanning ${place}` };
    case 'watching':
      // FSEvents watches a tree as a whole and counts nothing.
      return { text: `watching ${place}${event.watched === 0 ? '' : `: ${event.watched} directories`}` };
    case 'blind':
      return describeBlind(event, place, watchLimit);
  }
}

function describeBlind(event: CoverageEvent, place: string, watchLimit: WatchLimit): CoverageText {
  if (event.reason === 'watchLimit') {
    const needed = event.watched + event.missing;
    return {
      text: `${event.missing} directories are not watched: ${watchLimit.sysctl} = ${watchLimit.value} is used up, ${needed} are needed here`,
      remedy: watchLimitRemedy(event.missing, watchLimit),
    };
  }
  const cause = errorText(event.errno);
  if (event.reason === 'otherFileSystem') {
    return { text: `changes in ${place} are not seen: its file system cannot be watched here (${cause})` };
  }
  return {
    text: `changes in ${place} are not seen: it cannot be read (${cause})`,
    remedy: 'make it readable for this user, or exclude it',
  };
}

/** The line that raises the watch limit far enough for `missing` more directories. */
export function watchLimitRemedy(missing: number, watchLimit = readWatchLimit()): string {
  const wanted = watchLimit.value + missing;
  const rounded = 2 ** Math.ceil(Math.log2(Math.max(wanted * 1.25, 65_536)));
  return `type: sudo sysctl ${watchLimit.sysctl}=${rounded} (and put it into /etc/sysctl.d/ to keep it)`;
}

/** The lowest limit there is. */
function readWatchLimit(): WatchLimit {
  const limits = WATCH_LIMIT_SYSCTLS.map((sysctl) => ({ sysctl, value: readSysctl(sysctl) }));
  return limits.reduce((lowest, limit) => (limit.value < lowest.value ? limit : lowest));
}

/** Infinity where the kernel does not have it. */
function readSysctl(name: string): number {
  try {
    return Number(readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'latin1'));
  } catch {
    return Infinity;
  }
}

function errorText(errno: number): string {
  return getSystemErrorMap().get(-errno)?.join(': ') ?? `error ${errno}`;
}
