import type { Observable, SchedulerLike } from 'rxjs';
import type { Batch } from '../model/batch.ts';
import type { Outcome } from '../model/outcome.ts';
import type { BackOff } from './back-off.ts';
import type { MirrorBooks } from './mirror-books.ts';

export interface MirrorOptions {
  /** A window closes this long after its last event, and at latest so long after its first. */
  readonly quietMs: number;
  readonly maxMs: number;
  /** So many ripe names close a window at once. */
  readonly maxEntries: number;
  readonly maxEntriesPerBatch: number;
  /** A file still being written is held back this long after its last write, and at most so long after the first. */
  readonly writingQuietMs: number;
  readonly writingMaxMs: number;
  /** Above this many dirty names directories degrade to rescans. */
  readonly maxPendingEntries: number;
  readonly capabilities: { readonly moves: boolean; readonly deletedNames?: boolean };
  /** Compare the whole tree first, as a batch with the reason `startup`. */
  readonly initial: boolean;
  /** Pauses after a failure of a batch or a target. */
  readonly targetBackOff: BackOff;
  /** Pauses of a single path in quarantine, and of one that changed while it was read. */
  readonly quarantineBackOff: BackOff;
  readonly recheckBackOff: BackOff;
  /** Pauses between attempts to make deletions that were held. */
  readonly heldBackOff: BackOff;
  readonly maxQuarantined: number;
  /** How long to hold after a delivery found the source wrong that the watch knows nothing about. */
  readonly sourceRetryMs: number;
  readonly scheduler?: SchedulerLike;
}

export const MIRROR_DEFAULTS = {
  quietMs: 1_000,
  maxMs: 10_000,
  maxEntries: 2_000,
  maxEntriesPerBatch: 10_000,
  writingQuietMs: 5_000,
  writingMaxMs: 60_000,
  maxPendingEntries: 2_000_000,
  capabilities: { moves: false },
  initial: true,
  targetBackOff: { firstMs: 1_000, maxMs: 60_000 },
  quarantineBackOff: { firstMs: 5_000, maxMs: 600_000 },
  recheckBackOff: { firstMs: 100, maxMs: 10_000 },
  heldBackOff: { firstMs: 10_000, maxMs: 600_000 },
  maxQuarantined: 1_000,
  sourceRetryMs: 2_000,
} as const satisfies MirrorOptions;

/** What of its options may change while a mirror runs; what is pending stays. */
export interface MirrorSettings extends Pick<
  MirrorOptions,
  'quietMs' | 'maxMs' | 'maxEntries' | 'writingQuietMs' | 'capabilities'
> {
  /** The target may take now what it did not take before: nothing waits for the end of a pause. */
  readonly tryAgain?: boolean;
}

/** What a mirror needs from outside. */
export interface MirrorPorts {
  /**
   * Delivers one batch and gives exactly one outcome. Subscribed to once for each batch, one at a time, and beside it one
   * of a large file; it must not error for anything outside this program. Unsubscribing ends the delivery, and the next
   * begins only when it is over.
   */
  readonly deliver: (batch: Batch) => Observable<Outcome>;
  /**
   * Emits or completes once everything that happened before the call has come through the source. Asked before the
   * first compare and after each delivery: the events of its time decide what a delivery that looked late has seen.
   */
  readonly barrier: () => Observable<unknown>;
  /** Gets a way to look into the books, once, before anything is delivered. */
  readonly openBooks?: (books: MirrorBooks) => void;
  /** Emits to end: what is pending is delivered now, open files included, then the mirror completes. */
  readonly finish$?: Observable<unknown>;
  /**
   * Emits to have the whole tree compared as soon as it can be, with what is pending. Asked for again before that was begun,
   * it is one compare.
   */
  readonly compare$?: Observable<unknown>;
  /** These count from now on, for the window that is open too. */
  readonly settings$?: Observable<MirrorSettings>;
}
