import type { PathBytes } from '../model/path-bytes.ts';
import { ROOT_PATH, parentPath } from '../model/path-bytes.ts';
import type { Chunk } from './plan.ts';

/** Answers what the delivery of a chunk had to do with a path. */
export class ChunkScope {
  readonly #entries: ReadonlySet<PathBytes>;
  readonly #subtrees: ReadonlySet<PathBytes>;
  readonly #movedDirectories: ReadonlySet<PathBytes>;

  constructor(chunk: Chunk) {
    this.#entries = new Set(chunk.entries.map(({ path }) => path));
    this.#subtrees = new Set(chunk.subtrees);
    this.#movedDirectories = new Set(chunk.moves.filter((move) => move.isDirectory).map(({ to }) => to));
  }

  /** True when the chunk brought `path` up to date: with all below it if `subtree` is asked for. */
  covers(path: PathBytes, subtree: boolean): boolean {
    return (!subtree && this.#entries.has(path)) || this.#isInSubtree(path);
  }

  /** True when a failure at `path` leaves what is below it in doubt too. */
  comparesBelow(path: PathBytes): boolean {
    return this.#movedDirectories.has(path) || this.#isInSubtree(path);
  }

  #isInSubtree(path: PathBytes): boolean {
    if (this.#subtrees.size === 0) return false;
    for (let up = path; ; up = parentPath(up)) {
      if (this.#subtrees.has(up)) return true;
      if (up === ROOT_PATH) return false;
    }
  }
}
