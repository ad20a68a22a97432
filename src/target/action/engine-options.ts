import type { PathBytes } from '../../model/path-bytes.ts';
import type { CommandEvent } from '../command/command-event.ts';
import type { CommandExitCodes } from '../command/command-options.ts';
import type { ToldEvents } from '../command/event-delivery.ts';
import type { CommandEnd } from '../command/run-command.ts';
import type { ActionTargetOptions } from './action-options.ts';
import type { ActionHost, ActionScript } from './action-script.ts';

/** One child: its program and arguments, and what it reads. */
export interface ChildRun {
  readonly words: readonly PathBytes[];
  readonly input: PathBytes | undefined;
}

/** By which an engine works, wherever it is. */
export interface EngineSettings {
  readonly exitCodes: CommandExitCodes;
  readonly maxProcesses: number;
  readonly maxEvents: number;
  /** How long a promise of the script's may take; 0: for ever. */
  readonly callLimitMs: number;
}

/** What an engine has its target do. */
export interface EngineHost extends Pick<ActionHost, 'terminate'> {
  readonly log: (category: string, message: string, remedy?: string) => void;
  /**
   * Runs a child that works at these events to its end; those that the script made itself are left out. `over`: the
   * delivery is over, and it was not begun. Never rejects for what the child does.
   */
  readonly run: (
    child: ChildRun,
    events: readonly CommandEvent[],
    signal: AbortSignal,
  ) => Promise<CommandEnd | 'over'>;
}

export interface ActionEngineOptions extends EngineSettings {
  readonly script: ActionScript;
  readonly host: EngineHost;
  readonly compileExcludes: ActionTargetOptions['compileExcludes'];
}

/** Where an engine says what became of the events of a delivery. */
export interface TakenEvents extends Pick<ToldEvents, 'settled' | 'failed'> {
  /** The script wants to hear nothing of this one, and was not told it. */
  readonly excluded?: (event: CommandEvent) => void;
}

/** Has a script take events, in this thread or in one of its own. */
export interface ScriptEngine {
  /** Lets the script begin. Resolves with what went wrong. */
  start(): Promise<string | undefined>;
  /** Has the script take these events, as an `EventTaker` does. One at a time. */
  tell(
    events: Iterable<CommandEvent> | AsyncIterable<CommandEvent>,
    taken: TakenEvents,
    signal: AbortSignal,
  ): Promise<void>;
  /** To be called around all that is told of one delivery. */
  deliveryBegins(): void;
  deliveryEnds(): void;
  /** Ends all children; afterwards none is left and the script is not called any more. */
  close(): Promise<void>;
}
