import { MAX_SECONDS } from '../model/max-seconds.ts';
import type { Command } from 'commander';
import type { FilterOption } from '../daemon/mirror-options.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { bandwidth, wholeNumber } from './option-value.ts';

/** Adds the filter options; the array returned fills in the order in which they are given. */
export function addFilterOptions(command: Command): readonly FilterOption[] {
  const given: FilterOption[] = [];
  const collect = (kind: FilterOption['kind']) => (value: string) => {
    given.push({ kind, value });
  };
  command
    .optionsGroup("What (rsync's pattern language; the first match decides):")
    .option('--exclude <PATTERN>', 'leave out what matches; repeatable, as the next ones', collect('exclude'))
    .option('--include <PATTERN>', 'keep what matches', collect('include'))
    .option('--exclude-from <FILE>', 'exclude patterns from FILE, one a line', collect('exclude-from'))
    .option('--include-from <FILE>', 'include patterns from FILE, one a line', collect('include-from'))
    .option('-f, --filter <RULE>', "a rule such as '- *.o' or '+ /keep/'", collect('filter'));
  return given;
}

/** The values of {@link addRsyncOptions} that commander keeps. */
export interface RsyncFlags {
  readonly rsyncProgram: string;
  readonly bwlimit: string | undefined;
  readonly timeout: number;
}

/** Adds the options for rsync; the array returned fills with further arguments for it, in order. */
export function addRsyncOptions(command: Command): readonly string[] {
  const given: string[] = [];
  const toRsync =
    (prefix: string) =>
    (value: string): void => {
      given.push(`${prefix}${value}`);
    };
  command
    .optionsGroup('rsync:')
    .option('--rsync-opt <OPTION>', 'pass one argument to rsync; repeatable', toRsync(''))
    .option('-e, --rsh <COMMAND>', 'remote shell instead of ssh', toRsync('--rsh='))
    .option('--rsync-path <PATH>', 'rsync on the remote side', toRsync('--rsync-path='))
    .option('--rsync-program <PATH>', 'rsync on this side', 'rsync')
    .option('--bwlimit <RATE>', 'KiB a second at most, or as in 1.5M', bandwidth)
    .option(
      '--timeout <SECONDS>',
      'give up a stalled transfer or program; 0: never',
      wholeNumber(0, MAX_SECONDS),
      600,
    );
  return given;
}

/** Throws a SynclineError (USAGE) for an empty SRC or TARGET. */
export function refuseEmpty(source: string, targets: readonly string[]): void {
  if (source !== '' && !targets.includes('')) return;
  throw new SynclineError(
    'USAGE',
    `${source === '' ? 'SRC' : 'TARGET'} is empty`,
    'use . for this directory',
  );
}
