import type { PathBytes } from '../model/path-bytes.ts';
import { isWithinOne } from '../model/path-bytes.ts';
import type { Batch } from '../model/batch.ts';
import { HINT } from '../model/event-batch.ts';

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
  /** Those of which the content was sent whatever size and time say. */
  readonly #written: ReadonlySet<PathBytes>;
  readonly #subtrees: ReadonlySet<PathBytes>;
  readonly #contentSubtrees: ReadonlySet<PathBytes>;

  constructor(batch: Batch) {
    this.#entries = new Set(batch.entries.map(({ path }) => path));
    const written = batch.entries.filter(({ hints }) => (hints & (HINT.modified | HINT.created)) !== 0);
    this.#written = new Set(written.map(({ path }) => path));
    this.#subtrees = new Set(batch.subtrees);
    this.#contentSubtrees = new Set(batch.contentSubtrees);
  }

  /** True when the batch brought `path` up to date so far. */
  covers(path: PathBytes, reach: Reach): boolean {
    switch (reach) {
      case REACH.entry:
        return this.#entries.has(path) || isWithinOne(path, this.#contentSubtrees);
      case REACH.subtree:
        return isWithinOne(path, this.#subtrees) || isWithinOne(path, this.#contentSubtrees);
      case REACH.content:
        return isWithinOne(path, this.#contentSubtrees);
    }
  }

  /** How much is in doubt still at a path that the delivery has reported. */
  reachOf(path: PathBytes): Reach {
    if (isWithinOne(path, this.#contentSubtrees)) return REACH.content;
    if (!isWithinOne(path, this.#subtrees)) return REACH.entry;
    const isNamedBeside = this.#entries.has(path) && !this.#subtrees.has(path);
    return isNamedBeside || this.#written.has(path) ? REACH.content : REACH.subtree;
  }
}
