import type { Move } from '../model/batch.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { ROOT_PATH, isBelow, parentPath } from '../model/path-bytes.ts';
import type { Chunk } from './plan.ts';

export interface Place {
  readonly path: PathBytes;
  /** What is below it is in doubt too. */
  readonly subtree: boolean;
}

/** Answers what the delivery of a chunk had to do with a path. */
export class ChunkScope {
  readonly #entries: ReadonlySet<PathBytes>;
  readonly #subtrees: ReadonlySet<PathBytes>;
  readonly #moves: readonly Move[];
  readonly #movedDirectories: ReadonlySet<PathBytes>;

  constructor(chunk: Chunk) {
    this.#entries = new Set(chunk.entries.map(({ path }) => path));
    this.#subtrees = new Set(chunk.subtrees);
    this.#moves = chunk.moves;
    this.#movedDirectories = new Set(chunk.moves.filter((move) => move.isDirectory).map(({ to }) => to));
  }

  /** True when the chunk brought `path` up to date: with all below it if `subtree` is asked for. */
  covers(path: PathBytes, subtree: boolean): boolean {
    return (!subtree && this.#entries.has(path)) || this.#isInSubtree(path);
  }

  /**
   * Where what a report calls `path` is to be looked for. A target names a move by its `to` at the moment of the move;
   * later moves of the chunk may have carried it on, so there may be more places than one.
   */
  placesOf(path: PathBytes): readonly Place[] {
    if (!this.#movedDirectories.has(path)) return [{ path, subtree: this.#isInSubtree(path) }];
    const places: Place[] = [{ path, subtree: true }];
    for (const [index, move] of this.#moves.entries()) {
      if (move.to !== path || !move.isDirectory) continue;
      let now = path;
      for (const { from, to } of this.#moves.slice(index + 1))
        if (now === from || isBelow(now, from)) now = (to + now.slice(from.length)) as PathBytes;
      places.push({ path: now, subtree: true });
    }
    return places;
  }

  #isInSubtree(path: PathBytes): boolean {
    if (this.#subtrees.size === 0) return false;
    for (let up = path; ; up = parentPath(up)) {
      if (this.#subtrees.has(up)) return true;
      if (up === ROOT_PATH) return false;
    }
  }
}
