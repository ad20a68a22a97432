import type { NativeAddon } from '../addon/addon.ts';
import type { FilterRules } from '../filter/filter-rules.ts';
import { parseRules } from '../filter/parse-rules.ts';
import { pathFromText, pathToBuffer, type PathBytes } from '../model/path-bytes.ts';
import { createActionTarget } from '../target/action/action-target.ts';
import { userScript } from '../target/action/user-script.ts';
import { createCommandTarget } from '../target/command/command-target.ts';
import type { DirectFilters } from '../target/direct/direct-options.ts';
import { createDirectTarget } from '../target/direct/direct-target.ts';
import { LocalMover } from '../target/direct/local-mover.ts';
import type { DirectoryIdentity } from '../target/local-target.ts';
import { parseTarget } from '../target/parse-target.ts';
import type { ProcessSlots } from '../target/process-slots.ts';
import { createRsyncTarget } from '../target/rsync/rsync-target.ts';
import type { SshMasters } from '../target/ssh/ssh-masters.ts';
import { hostForRsync } from '../target/ssh/ssh-options.ts';
import { createSshTarget } from '../target/ssh/ssh-target.ts';
import type { Target } from '../target/target.ts';
import type { MirrorOptions, TargetPlace } from './mirror-options.ts';
import type { ProgramIo } from './program-io.ts';

/** What all targets of one source share. */
export interface TargetSource {
  /** The root: absolute, no trailing slash. */
  readonly source: PathBytes;
  /** Its identity at start; undefined where there is no such directory, which every target then says. */
  readonly sourceIdentity: DirectoryIdentity | undefined;
  readonly rules: FilterRules;
  /** The rules as rsync arguments. */
  readonly filterArguments: readonly string[];
  readonly addon: NativeAddon;
  readonly environment: ProgramIo['environment'];
  /** The ssh connections of the program. */
  readonly masters: SshMasters;
  /** The limit for all targets of the process, if there is one. */
  readonly slots: ProcessSlots | undefined;
  /** Ends the program in order, with this status. */
  readonly terminate?: (exitStatus: number) => void;
}

/** What of a command line a target is made by. */
export interface TargetChoices extends Pick<
  MirrorOptions,
  | 'deletePolicy'
  | 'maxDelete'
  | 'allowEmptySource'
  | 'attributes'
  | 'dryRun'
  | 'makeTargetParents'
  | 'bandwidthLimit'
  | 'fuzzy'
  | 'largeFileBytes'
  | 'rsyncOptions'
  | 'rsyncProgram'
  | 'maxProcesses'
  | 'timeoutSeconds'
> {
  /** rsync reads both sides whole. */
  readonly checksum?: boolean;
}

/** The target at `place` in the way the options ask for. Throws a SynclineError (TARGET, USAGE) for what cannot work. */
export function createTarget(place: TargetPlace, options: TargetChoices, shared: TargetSource): Target {
  const forAll = {
    source: shared.source,
    sourceIdentity: shared.sourceIdentity,
    deletes: options.deletePolicy,
    maxDelete: options.maxDelete,
    allowEmptySource: options.allowEmptySource,
    dryRun: options.dryRun,
  };
  const forCopies = { ...forAll, attributes: options.attributes, mkpath: options.makeTargetParents };
  const forProcesses = {
    environment: shared.environment,
    maxProcesses: options.maxProcesses,
    timeoutSeconds: options.timeoutSeconds,
  };
  const forRsync = {
    ...forCopies,
    ...forProcesses,
    slots: shared.slots,
    filterArguments: shared.filterArguments,
    bandwidthLimit: options.bandwidthLimit,
    fuzzy: options.fuzzy,
    largeFileBytes: options.largeFileBytes,
    extraArguments: options.rsyncOptions,
    checksum: options.checksum,
    rsyncProgram: options.rsyncProgram,
  };
  switch (place.kind) {
    case 'rsync':
      return createRsyncTarget({
        ...forRsync,
        target: place.target,
        mover: localMover(place.target, shared),
      });
    case 'direct':
      return createDirectTarget({
        ...forCopies,
        target: place.target,
        addon: shared.addon,
        filters: directFilters(shared),
      });
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
        ...forProcesses,
        target: place.target,
        mode: place.mode,
        exitCodes: place.exitCodes,
        ...(filter && { isHidden: (path, isDirectory) => filter.excludes(path, isDirectory) }),
      });
    }
    case 'action': {
      const { source, rules, slots, terminate } = shared;
      const filter = rules.compile(pathToBuffer(source));
      return createActionTarget({
        ...forAll,
        ...forProcesses,
        name: place.target === '' ? 'action' : place.target,
        script: userScript(place.action, { source, target: place.target }),
        tells: place.tells,
        exitCodes: place.exitCodes,
        slots,
        variables: { SYNCLINE_SOURCE: source, SYNCLINE_TARGET: pathFromText(place.target) },
        compileExcludes: (patterns) => excludesOf(patterns, shared),
        ...(terminate && { terminate }),
        ...(filter && { isHidden: (path, isDirectory) => filter.excludes(path, isDirectory) }),
      });
    }
  }
}

/** What these patterns hide. Throws a SynclineError (FILTER) for what is no pattern. */
function excludesOf(
  patterns: readonly PathBytes[],
  { source, addon }: TargetSource,
): (path: PathBytes, isDirectory: boolean) => boolean {
  const rules = patterns.map((pattern) => ({
    kind: 'exclude' as const,
    value: pathToBuffer(pattern).toString('utf8'),
  }));
  const filter = parseRules(rules, addon).compile(pathToBuffer(source));
  return (path, isDirectory) => filter?.excludes(path, isDirectory) === true;
}

/** rsync would send again what was moved; on this machine the file engine moves it. */
function localMover(target: string, shared: TargetSource): LocalMover | undefined {
  const location = parseTarget(target);
  if (location.kind !== 'local') return undefined;
  const { source, addon } = shared;
  return new LocalMover({ source, targetPath: location.path, addon, filters: directFilters(shared) });
}

function directFilters({ rules, source }: TargetSource): DirectFilters {
  const root = pathToBuffer(source);
  return {
    hidden: rules.compile(root),
    kept: rules.compile(root, 'keep'),
    keptInDeleted: rules.compile(root, 'keepInDeleted'),
  };
}

/** The places that must not be the same or inside one another, as rsync would be told them. */
export function rsyncTargetNames(places: readonly TargetPlace[]): readonly string[] {
  return places.flatMap((place) => {
    switch (place.kind) {
      case 'rsync':
      case 'direct':
        return [place.target];
      case 'rsyncssh':
        return [`${hostForRsync(place.ssh.host)}:${place.directory}`];
      case 'command':
      case 'action':
        return [];
    }
  });
}
