import type { PathBytes } from '../../model/path-bytes.ts';
import type { DeleteLimit, EmptySourcePolicy } from '../delete-guard.ts';
import type { DeletePolicy } from '../delete-policy.ts';
import type { KnownTarget } from '../known-target.ts';
import type { DirectoryIdentity } from '../local-target.ts';
import type { Mover } from '../move/mover.ts';
import type { ProcessSlots } from '../process-slots.ts';
import type { RsyncExitCodes } from './exit-policy.ts';
import type { RsyncAttributes } from './rsync-arguments.ts';

export interface RsyncTargetOptions {
  /** The source root: absolute, raw bytes, no trailing slash. */
  readonly source: PathBytes;
  /** Where to, as the user wrote it; {@link parseTarget} says what is understood. */
  readonly target: string;
  /** The target for a run that is about to start, where that changes: the same place by another port. */
  readonly targetNow?: (() => string) | undefined;
  /** The environment of the children; `process.env` of the program. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly deletes?: DeletePolicy;
  /** Where a comparison deletes, it deletes what the filter leaves out as well, unless a rule protects it; a list never does. */
  readonly deletesExcluded?: boolean | undefined;
  /** A delivery that would delete more deletes nothing. Makes every delivery count first, by a dry run. */
  readonly maxDelete?: DeleteLimit | undefined;
  /** An empty source may empty the target; else nothing is deleted while the source is empty. */
  readonly allowEmptySource?: EmptySourcePolicy | undefined;
  /** The user's filter rules as rsync arguments, in order. */
  readonly filterArguments?: readonly string[];
  /** Differences from {@link ARCHIVE_ATTRIBUTES}. */
  readonly attributes?: Partial<RsyncAttributes>;
  /** As rsync takes it: KiB/s or with a unit (`2m`). */
  readonly bandwidthLimit?: string | undefined;
  readonly compress?: boolean | undefined;
  readonly checksum?: boolean | undefined;
  /** Uses a file of the same directory that is alike, or that had the name before, as what a new one is sent against. */
  readonly fuzzy?: boolean | undefined;
  /** Further rsync arguments, one a string; see {@link checkExtraArguments} for what is refused. */
  readonly extraArguments?: readonly string[];
  /** Says what would be done and changes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Makes missing parents of the target. */
  readonly mkpath?: boolean | undefined;
  /** A run without output, CPU time or I/O for so long is ended. */
  readonly timeoutSeconds?: number;
  /** How many rsync runs may share a large batch; one if not given. More pay where the way is long, not where CPU is short. */
  readonly maxProcesses?: number | undefined;
  /** A limit that all targets share: a delivery begins when it has a slot. */
  readonly slots?: ProcessSlots | undefined;
  readonly rsyncProgram?: string;
  /** What exit codes of rsync mean where it is not what they mean by themselves. */
  readonly exitCodes?: RsyncExitCodes | undefined;
  /** Files with more bytes are sent one at a time beside the batches, so that no smaller one waits for them. */
  readonly largeFileBytes?: number | undefined;
  /** Makes moves on the target; without one what is moved is deleted and sent. Not asked where deletions are not repeated. */
  readonly mover?: Mover | undefined;
  /** The value of `-e` for a run that is about to start; ssh, or the user's choice, if not given. */
  readonly remoteShell?: (() => string) | undefined;
  /** The source root's identity at start, where the caller has taken it already; else it is taken in `prepare`. */
  readonly sourceIdentity?: DirectoryIdentity | undefined;
  /** What a target with other options before it knew of the same root. */
  readonly known?: KnownTarget | undefined;
}

export const DEFAULT_TIMEOUT_SECONDS = 600;
