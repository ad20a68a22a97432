import type { Move } from '../model/batch.ts';
import { HINT } from '../model/event-batch.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import type { DirtyNode } from './dirty-node.ts';
import { NODE } from './dirty-node.ts';
import type { DirtyTree } from './dirty-tree.ts';

/**
 * What has been taken out of a {@link PendingTree} to be delivered and is not acknowledged yet. Delivery may look at the
 * disk at any moment until then, so what happens meanwhile to names in here cannot be judged by its events alone.
 */
export class Flight {
  /** The moves have been made on the target (or reported as not made): their directories need no comparing any more. */
  movesDelivered = false;
  /** There are names that the delivery was not asked for: files that were written to still, or names made meanwhile. */
  sawNewNames = false;

  constructor(
    readonly tree: DirtyTree,
    readonly moves: readonly Move[],
  ) {}

  /** True when the delivery under way may look at `path` or at something below it, or has done so. */
  touches(path: PathBytes): boolean {
    // A target compares the directory of a move that it cannot make.
    const compared = this.movesDelivered ? NODE.rescan : NODE.rescan | NODE.moved;
    return this.tree.find(path) !== undefined || this.tree.covers(path, compared);
  }

  /** True when `path` itself, not only something above it, is in this delivery or on the way to a name that is. */
  holds(path: PathBytes): boolean {
    return this.tree.find(path) !== undefined;
  }

  /**
   * Takes out `path` and all below it, because it was moved away: from now on the pending tree answers for it.
   * Returns the state it had (hints and bits of `NODE`), or 0.
   */
  surrender(path: PathBytes): number {
    const node = this.tree.find(path);
    if (node === undefined) return 0;
    const state = node.state & ~HINT.created;
    this.tree.remove(node);
    return state;
  }

  /** The root is compared by size and time alone: when this is given back, what has new content since is kept beside it. */
  compareRootQuickly(): void {
    this.tree.root.state &= ~NODE.content;
  }

  /** These names have been delivered, and the events of that time applied. */
  forget(nodes: readonly DirtyNode[]): void {
    for (const node of nodes) {
      if (node.children === undefined) this.tree.remove(node);
      else this.tree.clear(node);
    }
  }
}
