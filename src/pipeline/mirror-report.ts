import type { Batch } from '../model/batch.ts';
import type { Delivered, Failed } from '../model/outcome.ts';
import type { PathBytes } from '../model/path-bytes.ts';

/**
 * What a mirror is doing. `idle`: nothing is pending, in flight or to be retried. `collecting`: changes wait for the
 * window to close (or for the first scan). `waiting`: the next attempt is after a pause. `held`: the source root is not
 * there, and nothing is delivered; or deletions are held, and all else is delivered. `stopped`: trying again cannot help.
 */
export type MirrorStateName = 'idle' | 'collecting' | 'delivering' | 'waiting' | 'held' | 'stopped';

export interface MirrorState {
  readonly kind: 'state';
  readonly state: MirrorStateName;
  /** Dirty names: not yet taken, taken and not acknowledged. */
  readonly pending: number;
  readonly inFlight: number;
  readonly quarantined: number;
  /** `waiting` and sometimes `held`: when the next attempt is, in ms of the scheduler's clock. */
  readonly retryAtMs?: number;
  /** `waiting`, `held`, `stopped`: why, and what the user can do. */
  readonly message?: string;
  readonly remedy?: string;
}

/** What a mirror reports about one target. */
export type MirrorReport =
  | MirrorState
  | { readonly kind: 'delivered'; readonly batch: Batch; readonly outcome: Delivered }
  /** `retryInMs` is undefined when nothing is tried again by itself. */
  | {
      readonly kind: 'failed';
      readonly batch: Batch;
      readonly outcome: Failed;
      readonly retryInMs: number | undefined;
    }
  /** Every failure of a path; a path above may take its place (then the paths below are released). */
  | {
      readonly kind: 'quarantined';
      readonly path: PathBytes;
      readonly message: string;
      readonly attempts: number;
      readonly retryInMs: number;
    }
  | { readonly kind: 'released'; readonly path: PathBytes }
  /** The last report: how many names are known not to be delivered (a full compare counts as one). */
  | { readonly kind: 'finished'; readonly remaining: number };
