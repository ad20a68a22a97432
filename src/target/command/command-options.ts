import type { CommandLine } from './command-line.ts';
import type { ToldTargetOptions } from './event-books.ts';

/**
 * What a command can be told. `create`: the name is new, as far as is known. `modify`: its content may be. `attrib`: mode,
 * owner or times. `delete`: it is gone, with all that was below it. `move`: it was renamed. `rescan`: the directory and
 * anything below it may differ. `startup`: the whole tree is to be compared, once.
 */
export type CommandEventKind = 'create' | 'modify' | 'attrib' | 'delete' | 'move' | 'rescan' | 'startup';

/**
 * `event`: one run for each event; a kind without a command of its own is not told. Without `move` a rename is told by its
 * two names, without `rescan` a directory by every name found in it, without `startup` the first sync in the same way.
 * `batch`: one run for all events of the kinds in `tells`; they come on its standard input as `listedEvent` says.
 */
export type CommandMode =
  | {
      readonly kind: 'event';
      readonly commands: Readonly<Partial<Record<CommandEventKind, CommandLine>>>;
    }
  | {
      readonly kind: 'batch';
      readonly command: CommandLine;
      readonly list: 'paths' | 'events';
      readonly tells: readonly Exclude<CommandEventKind, 'startup'>[];
      readonly startup?: CommandLine | undefined;
    };

/**
 * What the exit code of a command means. `ok`: done. `again`: the batch is tried again after a pause. `die`: the target
 * stops. All `others`, a signal and a time-out too: `problem` quarantines the event's path (and is `again` for a command
 * that was told more than one event); with `die`, a signal and a time-out are `again`.
 */
export interface CommandExitCodes {
  readonly ok: readonly number[];
  readonly again: readonly number[];
  readonly die: readonly number[];
  readonly others: 'problem' | 'again' | 'die';
}

export const COMMAND_EXIT_CODES: CommandExitCodes = { ok: [0], again: [], die: [], others: 'problem' };

export interface CommandTargetOptions extends ToldTargetOptions {
  /** What the command is given as its target: any text, mostly a directory; `''`: none. */
  readonly target: string;
  readonly mode: CommandMode;
  /** {@link COMMAND_EXIT_CODES} if not given. */
  readonly exitCodes?: CommandExitCodes;
  /** The environment of the children, to which `SYNCLINE_...` is added. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Runs at a time; one if not given. Events of one path, and of paths above or below each other, stay in order. */
  readonly maxProcesses?: number;
  /** A run without output, CPU time or I/O for so long is ended; 0: never; 600 if not given. */
  readonly timeoutSeconds?: number;
}
