import type { PathBytes } from '../model/path-bytes.ts';
import { LocalTargetGuard } from './local-target.ts';

/** What has been found out about a target root, whatever the options: a target made anew with other ones goes on with it. */
export class KnownTarget {
  /** A batch has been delivered before. */
  hasWorked = false;
  /** The target was out of reach: it may be another one when it is back. */
  mayHaveChanged = false;
  /** The target is not as we left it: everything is to be compared, until a delivery has done so. */
  needsCompare = false;
  /** Directories in which a broken run may have left temporary files. */
  readonly leftovers = new Set<PathBytes>();
  /** Of a target that is told events: names of which a `create` was not taken, so that what comes next is one still. */
  readonly untold = new Set<PathBytes>();
  /** Directories of which a `delete` was held or not taken: whatever has their name next is told behind a `delete`. */
  readonly undeleted = new Set<PathBytes>();
  /**
   * With `deletedNames`: names of which a `delete` was held or not taken, and whether each was a directory. A compare of a
   * directory above them tells them again.
   */
  readonly undeletedNames = new Map<PathBytes, boolean>();
  /** Names met in a directory and told by a delivery that failed: those that have gone since are to be told as deleted. */
  readonly toldInVain = new Set<PathBytes>();
  #guard: LocalTargetGuard | undefined;

  /** The guard of a root on this machine; always that of the first call. */
  guardAt(path: string): LocalTargetGuard {
    this.#guard ??= new LocalTargetGuard(path);
    return this.#guard;
  }
}
