import type { ConfigModule, ConfigPath } from '../config/config-document.ts';
import type { FilterOption } from '../filter/parse-rules.ts';
import type { UserAction } from '../model/user-action.ts';
import type { ActionTargetOptions } from '../target/action/action-options.ts';
import type { CommandExitCodes, CommandMode } from '../target/command/command-options.ts';
import type { DeleteLimit, EmptySourcePolicy } from '../target/delete-guard.ts';
import type { DeletePolicy } from '../target/delete-policy.ts';
import type { HookCommand } from '../target/hook/run-hook.ts';
import type { RsyncExitCodes } from '../target/rsync/exit-policy.ts';
import type { RsyncAttributes } from '../target/rsync/rsync-arguments.ts';
import type { SshOptions } from '../target/ssh/ssh-options.ts';
import type { TunnelOptions } from '../target/tunnel/tunnel-options.ts';
import type { HookOptions } from './delivery-hooks.ts';
import type { LogFormat, LogLevel } from './log.ts';

export type {
  CommandExitCodes,
  CommandMode,
  DeleteLimit,
  DeletePolicy,
  FilterOption,
  HookCommand,
  HookOptions,
  RsyncAttributes as MirroredAttributes,
  RsyncExitCodes,
  SshOptions,
  TunnelOptions,
};

/** Where to, and by what way; of a pool `target` holds a place for the port. */
export type TargetPlace =
  /** As the user wrote it: a local path, `host:path`, `host::module/path` or `rsync://...`. */
  | {
      readonly kind: 'rsync';
      readonly target: string;
      readonly exitCodes?: RsyncExitCodes | undefined;
      readonly tunnel?: TunnelOptions | undefined;
    }
  /** A directory on this machine, as the user wrote it, by our own file engine. */
  | { readonly kind: 'direct'; readonly target: string }
  /** A directory on a host, by rsync over one ssh connection; moves are made there. */
  | {
      readonly kind: 'rsyncssh';
      readonly ssh: SshOptions;
      readonly directory: string;
      readonly exitCodes?: RsyncExitCodes | undefined;
      readonly tunnel?: TunnelOptions | undefined;
    }
  /** Whatever programs of the user's make of what they are told; `target` is any text for them, `''` for none. */
  | {
      readonly kind: 'command';
      readonly target: string;
      readonly mode: CommandMode;
      readonly exitCodes: CommandExitCodes;
    }
  /** What functions of the user's make of single events; `target` is any text for them, `''` for none. */
  | {
      readonly kind: 'action';
      readonly target: string;
      readonly action: UserAction;
      readonly tells: ActionTargetOptions['tells'];
      readonly deletedNames: boolean;
      readonly exitCodes: CommandExitCodes;
      readonly definition: ActionDefinition;
      /** Where its functions are; undefined: it has none, or they run in the main thread. */
      readonly module?: ActionModule | undefined;
      readonly tunnel?: TunnelOptions | undefined;
    };

/** A configuration that is a program, and the target in it whose functions are wanted. */
export interface ActionModule extends ConfigModule {
  readonly target: ConfigPath;
  /** As the `LoadedConfig` has it. */
  readonly program: string;
}

/** By what two actions can be told apart. */
export interface ActionDefinition {
  /** What is said as text or a number, by its key. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Another text where functions may be other ones; undefined: it has none. */
  readonly program: string | undefined;
}

/** One source and its targets, as they were asked for: plain values, checked one by one, nothing touched yet. */
export interface MirrorOptions {
  /** The directory to mirror: absolute, no trailing `/`. Text (UTF-8). */
  readonly sourcePath: string;
  /** At least one. */
  readonly targets: readonly TargetPlace[];
  /** Files with more bytes are sent beside the batches; undefined: with them. */
  readonly largeFileBytes: number | undefined;
  /** A batch is sent when nothing has happened for this long. 0: at once. */
  readonly quietMs: number;
  /** A batch is sent at the latest this long after its first event. At least `quietMs`. */
  readonly maxDelayMs: number;
  /** A batch is sent at once when so many names wait, at least 1. */
  readonly maxNames: number;
  /** Times of cron, in the form of `crontabProblem`, at which all of the target is compared; none if not given. */
  readonly crontab?: readonly string[];
  /** In the order given. */
  readonly filterArguments: readonly FilterOption[];
  readonly deletePolicy: DeletePolicy;
  /** Comparisons by rsync that delete also delete what the rules leave out. */
  readonly deletesExcluded: boolean;
  /** A batch that would delete more deletes nothing; undefined: no limit. */
  readonly maxDelete: DeleteLimit | undefined;
  readonly allowEmptySource: EmptySourcePolicy;
  /** End after the first sync; status 0 if everything was delivered. */
  readonly once: boolean;
  /** With `once`: a sync that fails is tried again until it does not; false if not given. */
  readonly insists?: boolean;
  /** False: start without comparing the whole tree; only what changes from now on is delivered. */
  readonly initialSync: boolean;
  /** Say what would be done, change nothing on the target; implies that the first sync is the only one. */
  readonly dryRun: boolean;
  /** Delivering processes at a time for each target, at least 1. */
  readonly maxProcesses: number;
  readonly attributes: RsyncAttributes;
  /** Further arguments for rsync, each exactly one, in order, behind our own. */
  readonly rsyncOptions: readonly string[];
  /** The local rsync: a name to look up in PATH, or a path. */
  readonly rsyncProgram: string;
  /** rsync's `--bwlimit` value (`500`, `1.5m`): KiB a second unless it has a unit. */
  readonly bandwidthLimit: string | undefined;
  /** rsync sends a new file against one of its directory on the target that is alike. Deletions come last then. */
  readonly fuzzy: boolean;
  /** rsync gives up a connection on which nothing has moved for this long. 0: never. */
  readonly timeoutSeconds: number;
  /** Make missing parents of the target. Undefined: that cannot be asked for. */
  readonly makeTargetParents: boolean | undefined;
  /** None of them in a dry run. */
  readonly hooks: HookOptions;
}

/** What counts for all mirrors of one process. */
export interface RunSettings {
  /** Delivering processes at a time for all targets together, at least 1; undefined: no limit but those of the targets. */
  readonly maxTotalProcesses: number | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Where the log goes instead of the standard output; like the other files an absolute path. */
  readonly logFile?: string | undefined;
  /** Holds the process id while it runs; no second process may have it. */
  readonly pidFile?: string | undefined;
  /** Holds what all targets are doing. */
  readonly statusFile?: string | undefined;
  /** At least so long between two writes of the status file; 10,000 if not given. */
  readonly statusIntervalMs?: number | undefined;
}
