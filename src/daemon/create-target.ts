import type { FilterRules } from '../filter/filter-rules.ts';
import { pathToBuffer, type PathBytes } from '../model/path-bytes.ts';
import { createCommandTarget } from '../target/command/command-target.ts';
import type { ProcessSlots } from '../target/process-slots.ts';
import { createRsyncTarget } from '../target/rsync/rsync-target.ts';
import { hostForRsync } from '../target/ssh/ssh-options.ts';
import type { SshMasters } from '../target/ssh/ssh-masters.ts';
import { createSshTarget } from '../target/ssh/ssh-target.ts';
import type { Target } from '../target/target.ts';
import type { MirrorOptions, TargetPlace } from './mirror-options.ts';
import type { ProgramIo } from './program-io.ts';

/** What all targets of one source share. */
export interface TargetSource {
  /** The root: absolute, no trailing slash. */
  readonly source: PathBytes;
  readonly rules: FilterRules;
  /** The rules as rsync arguments. */
  readonly filterArguments: readonly string[];
  /** The ssh connections of the program. */
  readonly masters: SshMasters;
  readonly environment: ProgramIo['environment'];
  /** The limit for all targets of the process, if there is one. */
  readonly slots: ProcessSlots | undefined;
}

/** The target at `place` in the way the options ask for. Throws a SynclineError (TARGET, USAGE) for what cannot work. */
export function createTarget(place: TargetPlace, options: MirrorOptions, shared: TargetSource): Target {
  const forAll = {
    source: shared.source,
    environment: shared.environment,
    deletes: options.deletePolicy,
    maxDelete: options.maxDelete,
    allowEmptySource: options.allowEmptySource,
    dryRun: options.dryRun,
    maxProcesses: options.maxProcesses,
    timeoutSeconds: options.timeoutSeconds,
  };
  const forRsync = {
    ...forAll,
    filterArguments: shared.filterArguments,
    slots: shared.slots,
    attributes: options.attributes,
    bandwidthLimit: options.bandwidthLimit,
    fuzzy: options.fuzzy,
    extraArguments: options.rsyncOptions,
    mkpath: options.makeTargetParents,
    largeFileBytes: options.largeFileBytes,
    rsyncProgram: options.rsyncProgram,
  };
  switch (place.kind) {
    case 'rsync':
      return createRsyncTarget({ ...forRsync, target: place.target });
    case 'rsyncssh':
      return createSshTarget({
        ...forRsync,
        ssh: place.ssh,
        masters: shared.masters,
        directory: place.directory,
      });
    case 'command': {
      const filter = shared.rules.compile(pathToBuffer(shared.source));
      return createCommandTarget({
        ...forAll,
        target: place.target,
        mode: place.mode,
        exitCodes: place.exitCodes,
        ...(filter && { isHidden: (path, isDirectory) => filter.excludes(path, isDirectory) }),
      });
    }
  }
}

/** The places that must not be the same or inside one another, as rsync would be told them. */
export function rsyncTargetNames(places: readonly TargetPlace[]): readonly string[] {
  return places.flatMap((place) => {
    switch (place.kind) {
      case 'rsync':
        return [place.target];
      case 'rsyncssh':
        return [`${hostForRsync(place.ssh.host)}:${place.directory}`];
      case 'command':
        return [];
    }
  });
}
