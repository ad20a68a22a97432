import type { PathBytes } from '../model/path-bytes.ts';
import type { ProcessSlots } from '../target/process-slots.ts';
import { createRsyncTarget } from '../target/rsync/rsync-target.ts';
import { hostForRsync } from '../target/ssh/ssh-options.ts';
import { createSshTarget } from '../target/ssh/ssh-target.ts';
import type { Target } from '../target/target.ts';
import type { MirrorOptions, TargetPlace } from './mirror-options.ts';
import type { ProgramIo } from './program-io.ts';

/** What all targets of one source share. */
export interface TargetSource {
  /** The root: absolute, no trailing slash. */
  readonly source: PathBytes;
  /** The user's filter rules as rsync arguments. */
  readonly filterArguments: readonly string[];
  readonly environment: ProgramIo['environment'];
  /** The limit for all targets of the process, if there is one. */
  readonly slots: ProcessSlots | undefined;
}

/** The target at `place` in the way the options ask for. Throws a SynclineError (TARGET, USAGE) for what cannot work. */
export function createTarget(place: TargetPlace, options: MirrorOptions, shared: TargetSource): Target {
  const forRsync = {
    ...shared,
    deletes: options.deletePolicy,
    maxDelete: options.maxDelete,
    allowEmptySource: options.allowEmptySource,
    attributes: options.attributes,
    bandwidthLimit: options.bandwidthLimit,
    extraArguments: options.rsyncOptions,
    dryRun: options.dryRun,
    mkpath: options.makeTargetParents,
    maxProcesses: options.maxProcesses,
    timeoutSeconds: options.timeoutSeconds,
    rsyncProgram: options.rsyncProgram,
  };
  switch (place.kind) {
    case 'rsync':
      return createRsyncTarget({ ...forRsync, target: place.target });
    case 'rsyncssh':
      return createSshTarget({ ...forRsync, ssh: place.ssh, directory: place.directory });
  }
}

/** A place as rsync would be told it. */
export function rsyncTargetName(place: TargetPlace): string {
  return place.kind === 'rsync' ? place.target : `${hostForRsync(place.ssh.host)}:${place.directory}`;
}
