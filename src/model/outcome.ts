import type { BatchEntry } from './batch.ts';
import type { PathBytes } from './path-bytes.ts';

/** A problem with one path: a value, reported, retried, never a reason to stop. */
export interface PathProblem {
  readonly path: PathBytes;
  /** What was tried and what the system said, without the path: `open: Permission denied`. */
  readonly message: string;
}

/** What a delivery did, as far as the target can tell. */
export interface DeliveryCounts {
  /** Entries created or changed on the target, and entries deleted there. */
  readonly updated: number;
  readonly deleted: number;
  /** Moves made on the target; left out by a target that makes none. */
  readonly moved?: number;
  /** Bytes of file data sent. */
  readonly bytes: number;
}

/** Deletions that were not made because they looked like an accident: what is named is on the target still. */
export interface HeldDeletions {
  /** How many names would be deleted. */
  readonly count: number;
  /** One line each: why, and what the user can do. */
  readonly message: string;
  readonly remedy: string;
  /** The reason is gone as soon as there is a delivery without a hold: to be tried again right after one. */
  readonly isBrief: boolean;
  /** The missing names and the compared subtrees that the deletions belong to: to be tried again with growing pauses. */
  readonly paths: readonly PathBytes[];
}

/** The batch reached the target, but for the paths named. */
export interface Delivered {
  readonly kind: 'delivered';
  readonly counts: DeliveryCounts;
  /** Could not be delivered: to be retried with back-off and shown as quarantined. */
  readonly problems: readonly PathProblem[];
  /**
   * Changed while they were read (vanished, truncated): to be looked at again, not an error.
   */
  readonly recheck: readonly PathBytes[];
  /** Everything was compared, whatever the batch named: the target was not as this program had left it. */
  readonly comparedWhole?: boolean;
  /** Everything else of the batch is delivered. */
  readonly held?: HeldDeletions;
  /** Large files that are to be asked for again one by one, by batches of which `large` is `only`. */
  readonly deferred?: readonly BatchEntry[];
}

/**
 * Nothing of the batch may be taken as delivered (parts of it may be).
 * `batch`: try the same again after a pause. `target`: the target is unreachable or full, try again with growing pauses.
 * `source`: the source root is not what it was, hold until it is. `configuration`: trying again cannot help.
 */
export interface Failed {
  readonly kind: 'failed';
  readonly scope: 'batch' | 'target' | 'source' | 'configuration';
  /** One line: the thing, its value and what was said. */
  readonly message: string;
  /** One line: what the user can do. */
  readonly remedy?: string;
}

export type Outcome = Delivered | Failed;
