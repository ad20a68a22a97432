import type { Batch } from '../model/batch.ts';
import type { Outcome } from '../model/outcome.ts';
import type { PathBytes } from '../model/path-bytes.ts';

/** What a target can be asked for; it gets nothing else. */
export interface TargetCapabilities {
  /** Renames on the target. Without it `Batch.moves` is empty and the names appear among the entries and subtrees. */
  readonly moves: boolean;
  /** `Batch.deletedNames` is wanted. */
  readonly deletedNames?: boolean;
}

/** One line of what a delivery is doing, for the screen and the log. */
export type DeliveryEvent =
  /** `change`: what differed, as rsync's `%i` has it, where that is known. */
  | {
      readonly kind: 'updated' | 'deleted' | 'moved';
      readonly path: PathBytes;
      readonly bytes: number;
      readonly change?: string;
    }
  /** Nothing but the time of this directory was set. */
  | { readonly kind: 'directoryTime'; readonly path: PathBytes }
  /** Totals so far of a long run; undefined where it is not known yet. */
  | {
      readonly kind: 'progress';
      readonly bytes: number;
      readonly entriesDone: number;
      readonly entriesTotal: number | undefined;
    }
  /** The exact command about to be run, for `--log-level debug`; `input`: the first part of a list on its standard input. */
  | {
      readonly kind: 'command';
      readonly program: string;
      readonly arguments: readonly string[];
      readonly input?: Buffer;
    }
  /** A line that a program of the user's printed, for people. */
  | { readonly kind: 'output'; readonly program: string; readonly line: string }
  /** `info` if no level is given; `topic`: what one of the level `debug` is about, where that has a name; `remedy`: of others. */
  | {
      readonly kind: 'notice';
      readonly message: string;
      readonly level?: 'debug' | 'info' | 'warn' | 'error';
      readonly topic?: 'tunnel';
      readonly remedy?: string;
    };

export interface DeliveryContext {
  /** Ends the delivery: children get TERM, then KILL; the promise then settles with `failed`, scope `batch`. */
  readonly signal: AbortSignal;
  readonly report: (event: DeliveryEvent) => void;
}

/**
 * One place that is kept equal to the source. Every method runs on the main thread. Deliveries are asked one at a time, and
 * beside it one of which `Batch.large` is `only`; one that was ended is waited for by the next.
 */
export interface Target {
  /** As the user wrote it. */
  readonly name: string;
  readonly capabilities: TargetCapabilities;
  /**
   * Finds out what both ends can do, changing nothing on either. Throws a SynclineError when the configuration cannot
   * work (no rsync, parent missing); a target that is merely down is an outcome of `deliver`, not an error here.
   */
  prepare(context: DeliveryContext): Promise<void>;
  /** It will be delivered to from now on: what takes its time to be ready may be started. Idempotent. */
  begin?(): void;
  /** Never rejects for a reason outside this program: everything that can happen is an {@link Outcome}. */
  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome>;
  /** Ends all children; afterwards none is left. Idempotent. */
  close(): Promise<void>;
}
