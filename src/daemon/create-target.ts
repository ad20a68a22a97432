import type { PathBytes } from '../model/path-bytes.ts';
import { createRsyncTarget } from '../target/rsync/rsync-target.ts';
import type { Target } from '../target/target.ts';
import type { MirrorOptions } from './mirror-options.ts';
import type { ProgramIo } from './program-io.ts';

/** What all targets of one source share. */
export interface TargetSource {
  /** The root: absolute, no trailing slash. */
  readonly source: PathBytes;
  /** The user's filter rules as rsync arguments. */
  readonly filterArguments: readonly string[];
  readonly environment: ProgramIo['environment'];
}

/** The target `name` in the way the options ask for. Throws a SynclineError (TARGET, USAGE) for what cannot work. */
export function createTarget(name: string, options: MirrorOptions, shared: TargetSource): Target {
  return createRsyncTarget({
    ...shared,
    target: name,
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
  });
}
