import type { PathBytes } from './path-bytes.ts';

/**
 * A rename seen on the source that the target may repeat instead of receiving the content again. A hint, never the
 * truth: it must replace nothing but a file by a file or an empty directory by a directory (as rename(2) does), and the
 * target repairs a move that it could not make (`from` missing included) in the same delivery, wherever later moves of
 * the batch have carried it: a directory is compared by content, a file sent whatever its size and time.
 */
export interface Move {
  /** Both paths as they were at the moment of this move: moves are to be made in their order. */
  readonly from: PathBytes;
  readonly to: PathBytes;
  readonly isDirectory: boolean;
}

/** A name to bring up to date, whatever it is on the disk by now (nothing, a file, a directory, anything else). */
export interface BatchEntry {
  readonly path: PathBytes;
  /** Bits of `HINT` merged over the window. `modified` or `created`: its content is new even if size and time are not. */
  readonly hints: number;
}

/** A name that was seen to be deleted before a directory above it was. */
export interface DeletedName {
  readonly path: PathBytes;
  readonly isDirectory: boolean;
}

/** Why a batch is sent; decides whether `--delete startup` or `--delete running` applies. */
export type BatchReason = 'startup' | 'live';

/** What is to be delivered in one go: first the moves in order, then the entries, then the subtrees of both kinds. */
export interface Batch {
  /** Counts from 1 over the life of the mirror. */
  readonly number: number;
  readonly reason: BatchReason;
  /** Empty for a target without the capability `moves`. */
  readonly moves: readonly Move[];
  /** Sorted by path in byte order, no duplicates. Those below one of `subtrees` have to be brought up to date before it. */
  readonly entries: readonly BatchEntry[];
  /**
   * Directories to compare with everything below them, files by size and time; `''` is the whole tree. Sorted, none
   * inside another. Each but `''` is an entry too, which brings the name itself up to date: one that is missing, or no
   * directory any more, is to be passed over here.
   */
  readonly subtrees: readonly PathBytes[];
  /**
   * The same, where files of equal size and time may differ still (another directory had this name before): to be compared
   * by content. None inside another of these, none in `subtrees` too, but they may lie inside one of those.
   */
  readonly contentSubtrees: readonly PathBytes[];
  /**
   * Names below directories among the entries, which were deleted before these were deleted, made anew or marked to be
   * compared: each may be there again by now, and come twice. For a target with the capability `deletedNames`.
   */
  readonly deletedNames?: readonly DeletedName[];
  /**
   * `defer`: large files may be put off and named in `Delivered.deferred`. `only`: it brings up to date one file that was
   * put off, beside another delivery of the same target that has nothing to do with that name or one above it. Without
   * it everything is to be delivered, and nothing else is under way.
   */
  readonly large?: 'defer' | 'only';
}
