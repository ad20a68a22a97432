import type { MirrorOptions } from './mirror-options.ts';

/** Everything `syncline verify` was asked for; what it shares with `syncline mirror` means the same. */
export interface VerifyOptions extends Pick<
  MirrorOptions,
  | 'sourcePath'
  | 'filterArguments'
  | 'deletesExcluded'
  | 'attributes'
  | 'rsyncOptions'
  | 'rsyncProgram'
  | 'bandwidthLimit'
  | 'timeoutSeconds'
> {
  /** As the user wrote it. */
  readonly target: string;
  /** Compare by our own file engine; `target` must be a local path then. */
  readonly direct: boolean;
  /** Read both sides whole; else a file of equal size and time counts as equal. */
  readonly checksum: boolean;
  /** Deliver what differs, and look again. */
  readonly repair: boolean;
  /** JSON lines instead of lines for people. */
  readonly json: boolean;
}
