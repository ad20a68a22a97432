import type { PathBytes } from '../../model/path-bytes.ts';
import type { CommandEventKind, CommandExitCodes } from '../command/command-options.ts';
import type { ToldTargetOptions } from '../command/event-books.ts';
import type { ProcessSlots } from '../process-slots.ts';
import type { ActionScript } from './action-script.ts';
import type { ScriptThread } from './thread-engine.ts';

/** What exit codes mean where `collect` does not say it. */
export const ACTION_EXIT_CODES: CommandExitCodes = { ok: [0], again: [], die: [], others: 'problem' };

/** So many events are known to a script at a time; the others follow as these are done. */
export const MAX_EVENTS = 10_000;

/** True for a name that is hidden, by itself or by a directory above it. */
export type IsExcluded = (path: PathBytes, isDirectory: boolean) => boolean;

export interface ActionTargetOptions extends ToldTargetOptions {
  /** For the log. */
  readonly name: string;
  /** In this thread; with a `thread` it says only what there is, and is not called. */
  readonly script: ActionScript;
  /** Runs the script in a thread of its own. */
  readonly thread?: ScriptThread | undefined;
  /** What the script is told; without `move` a rename is told by its two names. */
  readonly tells: readonly Exclude<CommandEventKind, 'rescan' | 'startup'>[];
  /** {@link ACTION_EXIT_CODES} if not given. */
  readonly exitCodes?: CommandExitCodes | undefined;
  /** The environment of the children, and what is added to it byte by byte. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly variables?: Readonly<Record<string, PathBytes>>;
  /** Children at a time; one if not given. */
  readonly maxProcesses?: number;
  readonly slots?: ProcessSlots | undefined;
  /**
   * A child without output, CPU time or I/O for so long is ended, and a promise of the script's is waited for no longer;
   * 0: never; 600 if not given.
   */
  readonly timeoutSeconds?: number;
  /** {@link MAX_EVENTS} if not given. */
  readonly maxEvents?: number;
  /** Compiles patterns that the script has added: true for what they hide. Throws an Error for what is no pattern. */
  readonly compileExcludes: (patterns: readonly PathBytes[]) => IsExcluded;
  /** Ends the program with this status. */
  readonly terminate?: (exitCode: number) => void;
}
