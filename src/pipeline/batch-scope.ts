import type { PathBytes } from '../model/path-bytes.ts';
import { ROOT_PATH, parentPath } from '../model/path-bytes.ts';
import type { Batch } from '../model/batch.ts';

/** How much is in doubt at a path, the least first. */
export const REACH = {
  /** The name itself; of a file its content. */
  entry: 0,
  /** All below it too, as far as size and time of files tell. */
  subtree: 1,
  /** All below it, whatever size and time say. */
  content: 2,
} as const;
export type Reach = (typeof REACH)[keyof typeof REACH];

/** Answers what the delivery of a batch had to do with a path. */
export class BatchScope {
  readonly #entries: ReadonlySet<PathBytes>;
  readonly #subtrees: ReadonlySet<PathBytes>;
  readonly #contentSubtrees: ReadonlySet<PathBytes>;

  constructor(batch: Batch) {
    this.#entries = new Set(batch.entries.map(({ path }) => path));
    this.#subtrees = new Set(batch.subtrees);
    this.#contentSubtrees = new Set(batch.contentSubtrees);
  }

  /** True when the batch brought `path` up to date so far. */
  covers(path: PathBytes, reach: Reach): boolean {
    switch (reach) {
      case REACH.entry:
        return this.#entries.has(path) || isIn(this.#contentSubtrees, path);
      case REACH.subtree:
        return isIn(this.#subtrees, path) || isIn(this.#contentSubtrees, path);
      case REACH.content:
        return isIn(this.#contentSubtrees, path);
    }
  }

  /** How much is in doubt still at a path that the delivery has reported. */
  reachOf(path: PathBytes): Reach {
    if (isIn(this.#contentSubtrees, path)) return REACH.content;
    if (!isIn(this.#subtrees, path)) return REACH.entry;
    const isNamedBeside = this.#entries.has(path) && !this.#subtrees.has(path);
    return isNamedBeside ? REACH.content : REACH.subtree;
  }
}

function isIn(subtrees: ReadonlySet<PathBytes>, path: PathBytes): boolean {
  if (subtrees.size === 0) return false;
  for (let up = path; ; up = parentPath(up)) {
    if (subtrees.has(up)) return true;
    if (up === ROOT_PATH) return false;
  }
}
