import type { NativeAddon } from '../addon/addon.ts';
import type { FilterRules } from '../filter/filter-rules.ts';
import { pathFromText, pathToBuffer, type PathBytes } from '../model/path-bytes.ts';
import { createActionTarget } from '../target/action/action-target.ts';
import type { ScriptThread } from '../target/action/thread-engine.ts';
import { ACTION_KEYS } from '../config/action-keys.ts';
import { userScript } from '../target/action/user-script.ts';
import { createCommandTarget } from '../target/command/command-target.ts';
import type { TargetAddress } from '../target/check-targets.ts';
import type { DirectFilters } from '../target/direct/direct-options.ts';
import { createDirectTarget } from '../target/direct/direct-target.ts';
import { LocalMover } from '../target/direct/local-mover.ts';
import type { KnownTarget } from '../target/known-target.ts';
import type { DirectoryIdentity } from '../target/local-target.ts';
import { parseTarget } from '../target/parse-target.ts';
import type { ProcessSlots } from '../target/process-slots.ts';
import { createRsyncTarget } from '../target/rsync/rsync-target.ts';
import type { SshMasters } from '../target/ssh/ssh-masters.ts';
import { hostForRsync } from '../target/ssh/ssh-options.ts';
import { createSshTarget } from '../target/ssh/ssh-target.ts';
import { type LocalPort, localPort, pooledTarget, portOfTarget } from '../target/tunnel/tunnel-options.ts';
import { createTunnelTarget } from '../target/tunnel/tunnel-target.ts';
import type { TunnelLease, Tunnels } from '../target/tunnel/tunnels.ts';
import type { Target } from '../target/target.ts';
import type { ActionThreadScript } from './action-thread.ts';
import type { MirrorOptions, TargetPlace } from './mirror-options.ts';
import { compileExcludes } from './compile-excludes.ts';
import { leaveThreads } from './leave-threads.ts';
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
  /** The tunnels of the program. */
  readonly tunnels: Tunnels;
  /** The target can be reached again, by a tunnel that was down when it was delivered to. */
  readonly onReachable?: () => void;
  /** The limit for all targets of the process, if there is one. */
  readonly slots: ProcessSlots | undefined;
  /** Ends the program in order, with this status. */
  readonly terminate?: (exitStatus: number) => void;
  /** What a target with other options before it knew of the same root. */
  readonly known?: KnownTarget | undefined;
}

/** What of a command line a target is made by. */
export interface TargetChoices extends Pick<
  MirrorOptions,
  | 'deletePolicy'
  | 'deletesExcluded'
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
  const tunnel = 'tunnel' in place ? place.tunnel : undefined;
  if (tunnel === undefined) return createPlainTarget(place, options, shared);
  const { tunnels, environment, onReachable = () => undefined } = shared;
  const port = tunnel.mode === 'pool' ? undefined : portOf(place, options);
  return createTunnelTarget({ tunnel, tunnels, environment, port, onReachable }, (targetNow) =>
    createPlainTarget(place, options, shared, targetNow),
  );
}

/** Where a target is reached on this machine, as far as that is known. */
function portOf(place: TargetPlace, { rsyncOptions }: TargetChoices): LocalPort | undefined {
  switch (place.kind) {
    case 'rsync':
      return portOfTarget(place.target, rsyncOptions);
    case 'rsyncssh':
      return localPort(place.ssh.host, place.ssh.port);
    case 'direct':
    case 'command':
    case 'action':
      return undefined;
  }
}

/** `targetNow` says where a target is reached by a tunnel. */
function createPlainTarget(
  place: TargetPlace,
  options: TargetChoices,
  shared: TargetSource,
  targetNow?: TunnelLease['targetNow'],
): Target {
  const forAll = {
    source: shared.source,
    sourceIdentity: shared.sourceIdentity,
    deletes: options.deletePolicy,
    maxDelete: options.maxDelete,
    allowEmptySource: options.allowEmptySource,
    dryRun: options.dryRun,
    known: shared.known,
  };
  const forCopies = { ...forAll, attributes: options.attributes, mkpath: options.makeTargetParents };
  const forProcesses = {
    environment: shared.environment,
    maxProcesses: options.maxProcesses,
    timeoutSeconds: options.timeoutSeconds,
    slots: shared.slots,
  };
  const forRsync = {
    ...forCopies,
    ...forProcesses,
    filterArguments: shared.filterArguments,
    deletesExcluded: options.deletesExcluded,
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
        exitCodes: place.exitCodes,
        ...(targetNow && { targetNow: () => targetNow(place.target) }),
        mover: localMover(place, shared),
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
        exitCodes: place.exitCodes,
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
        name: placeName(place),
        script: userScript(place.action, { source, target: place.target }),
        thread: scriptThread(place, source),
        tells: place.tells,
        deletedNames: place.deletedNames,
        exitCodes: place.exitCodes,
        slots,
        variables: { SYNCLINE_SOURCE: source, SYNCLINE_TARGET: pathFromText(place.target) },
        compileExcludes: (patterns) => compileExcludes(patterns, shared),
        ...(terminate && { terminate }),
        ...(filter && { isHidden: (path, isDirectory) => filter.excludes(path, isDirectory) }),
      });
    }
  }
}

/** The program of the thread, beside this one. */
const THREAD_PROGRAM = new URL('./action-thread.js', import.meta.url);

/** Functions of a module run in a thread of their own. */
function scriptThread(
  place: TargetPlace & { readonly kind: 'action' },
  source: PathBytes,
): ScriptThread | undefined {
  const { module, definition, target } = place;
  if (module === undefined) return undefined;
  const script: ActionThreadScript = { module, definition, places: { source, target } };
  return { program: THREAD_PROGRAM, script, functionNames: ACTION_KEYS, left: leaveThreads };
}

/** rsync would send again what was moved; on this machine the file engine moves it. */
function localMover(
  place: TargetPlace & { readonly kind: 'rsync' },
  shared: TargetSource,
): LocalMover | undefined {
  const location = parseTarget(addressForRsync(place));
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

/**
 * The places that must not be the same or inside one another. Behind a pool the same target is another one by another
 * command, and on a port of this machine another host may answer than on the next.
 */
export function targetAddresses(places: readonly TargetPlace[]): readonly TargetAddress[] {
  return places.flatMap((place): readonly TargetAddress[] => {
    switch (place.kind) {
      case 'rsync':
        return [
          {
            name: place.target,
            address: addressForRsync(place),
            ...(place.tunnel?.mode === 'pool' && { way: JSON.stringify(place.tunnel.command) }),
          },
        ];
      case 'direct':
        return [{ name: place.target }];
      case 'rsyncssh': {
        const port = localPort(place.ssh.host, place.ssh.port);
        return [{ name: placeName(place), ...(port && { way: String(port.port) }) }];
      }
      case 'command':
      case 'action':
        return [];
    }
  });
}

function addressForRsync({ target, tunnel }: TargetPlace & { readonly kind: 'rsync' }): string {
  return tunnel?.mode === 'pool' ? pooledTarget(target, undefined) : target;
}

/** A place as the log calls it; two that are the same place by the same way have one name. */
export function placeName(place: TargetPlace): string {
  switch (place.kind) {
    case 'rsync':
    case 'direct':
      return place.target;
    case 'rsyncssh':
      return `${hostForRsync(place.ssh.host)}:${place.directory}`;
    case 'command':
    case 'action':
      return place.target === '' ? place.kind : place.target;
  }
}
