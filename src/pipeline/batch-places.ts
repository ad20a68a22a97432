import type { EventBatch } from '../model/event-batch.ts';
import type { DirtyNode } from './dirty-node.ts';
import { NODE } from './dirty-node.ts';
import type { DirtyTree } from './dirty-tree.ts';
import { isInRescan } from './dirty-tree.ts';

/** Where a directory of a batch is in the tree. */
export interface Place {
  /** The directory, or the one above it that is to be compared by content and so absorbs it. */
  readonly node: DirtyNode;
  /** It is, or is below, a directory marked for rescan. */
  readonly isCovered: boolean;
}

/** The places of a batch's directories, looked up once: a record costs one map access, not a walk. */
export class BatchPlaces {
  readonly #places: (Place | undefined)[] = [];

  constructor(
    readonly tree: DirtyTree,
    readonly batch: EventBatch,
  ) {}

  at(index: number): Place {
    const known = this.#places[index];
    if (known !== undefined && !known.node.has(NODE.dropped)) return known;
    const node = this.tree.reach(this.batch.directory(index));
    return (this.#places[index] = { node, isCovered: isInRescan(node) });
  }

  /** To be called when a directory has moved or was marked for rescan: the same path is now another place. */
  forget(): void {
    this.#places.length = 0;
  }
}
