import type { FilterOption } from '../filter/parse-rules.ts';
import type { RsyncAttributes } from '../target/rsync/rsync-arguments.ts';
import type { DeletePolicy } from '../target/rsync/rsync-options.ts';
import type { LogFormat, LogLevel } from './log.ts';

export type { DeletePolicy, FilterOption, RsyncAttributes as MirroredAttributes };

/** Everything `syncline mirror` was asked for: plain values, checked one by one, nothing touched yet. */
export interface MirrorOptions {
  /** The directory to mirror: absolute, no trailing `/`; exists, is a directory and can be read. Text (UTF-8). */
  readonly sourcePath: string;
  /** As the user wrote it: a local path, `host:path`, `host::module/path` or `rsync://...`. */
  readonly target: string;
  /** Deliver by the built-in file engine instead of rsync; `target` must be a local path then. */
  readonly direct: boolean;
  /** A batch is sent when nothing has happened for this long. 0: at once. */
  readonly quietMs: number;
  /** A batch is sent at the latest this long after its first event. At least `quietMs`. */
  readonly maxDelayMs: number;
  /** In the order given. */
  readonly filterArguments: readonly FilterOption[];
  readonly deletePolicy: DeletePolicy;
  /** End after the first sync; status 0 if everything was delivered. */
  readonly once: boolean;
  /** False: start without comparing the whole tree; only what changes from now on is delivered. */
  readonly initialSync: boolean;
  /** Say what would be done, change nothing on the target; implies that the first sync is the only one. */
  readonly dryRun: boolean;
  /** Delivering processes at a time, at least 1. */
  readonly maxProcesses: number;
  readonly attributes: RsyncAttributes;
  /** Further arguments for rsync, each exactly one, in order, behind our own. */
  readonly rsyncOptions: readonly string[];
  /** The local rsync: a name to look up in PATH, or a path. */
  readonly rsyncProgram: string;
  /** rsync's `--bwlimit` value (`500`, `1.5m`): KiB a second unless it has a unit. */
  readonly bandwidthLimit: string | undefined;
  /** rsync gives up a connection on which nothing has moved for this long. 0: never. */
  readonly timeoutSeconds: number;
  /** Make missing parents of the target. */
  readonly makeTargetParents: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}
