import type { Failed } from '../../model/outcome.ts';
import type { CommandEvent } from '../command/command-event.ts';
import type { CommandEnd, CommandVerdict } from '../command/run-command.ts';
import type { ChildRun, EngineSettings } from './engine-options.ts';

/** An event by a number of its own within its delivery: copies are told apart by it. */
export interface NumberedEvent extends CommandEvent {
  readonly number: number;
}

/** What an engine in a thread of its own begins with. `script` is for whoever makes the script there. */
export interface EngineThreadData {
  readonly script: unknown;
  readonly settings: EngineSettings;
  /** Where `CallMarks` notes the call under way. */
  readonly calls: SharedArrayBuffer;
}

/** To the thread of an engine. `feed` is the number of a delivery's events, one delivery at a time. */
export type ToEngine =
  | { readonly kind: 'tell'; readonly feed: number }
  | {
      readonly kind: 'events';
      readonly feed: number;
      readonly events: readonly NumberedEvent[];
      /** There are no more. */
      readonly isLast: boolean;
    }
  | { readonly kind: 'abort'; readonly feed: number }
  | { readonly kind: 'delivery'; readonly isUnderWay: boolean }
  | { readonly kind: 'ended'; readonly run: number; readonly end: CommandEnd | 'over' }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close' };

/** From it: many at a time, in their order. */
export type FromEngine =
  /** It is there; from now on it runs what the user has written. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'started'; readonly problem: string | undefined }
  /** Asks for `events`. */
  | { readonly kind: 'more'; readonly feed: number }
  /** Events by their numbers; without a verdict one was not told. */
  | {
      readonly kind: 'settled';
      readonly feed: number;
      readonly events: (readonly [number: number, verdict: CommandVerdict | undefined])[];
    }
  | { readonly kind: 'failed'; readonly feed: number; readonly why: Failed }
  /** All of the delivery; `problem` is a bug of ours. */
  | { readonly kind: 'told'; readonly feed: number; readonly problem: string | undefined }
  | {
      readonly kind: 'run';
      readonly run: number;
      readonly feed: number | undefined;
      readonly events: readonly number[];
      readonly child: ChildRun;
    }
  | { readonly kind: 'log'; readonly category: string; readonly message: string; readonly remedy?: string }
  | { readonly kind: 'terminate'; readonly exitCode: number }
  /** It is not to be trusted any more. */
  | { readonly kind: 'lost'; readonly message: string }
  | { readonly kind: 'pong' }
  | { readonly kind: 'closed' };
