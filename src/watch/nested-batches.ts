import { Observable } from 'rxjs';
import { COVERAGE_REASON, COVERAGE_STATE, encodeEventBatch, ROOT_STATE, SLOT } from '../model/event-batch.ts';
import type { EventBatch, RootStateName, WatchEvent } from '../model/event-batch.ts';
import { isBelow, type PathBytes, ROOT_PATH } from '../model/path-bytes.ts';
import { rerootBatch } from '../model/reroot-batch.ts';
import { isRoot, type RootIdentity, rootIdentity } from './root-identity.ts';

/** A directory inside a watched tree that somebody watches as a tree of its own. */
export interface NestedTree {
  /** As it was given: absolute. It may lead there through symlinks. */
  readonly path: PathBytes;
  /** Where it really is in the watched tree; `''` is all of it. */
  readonly place: PathBytes;
  /** Of the start, with a true birth time. */
  readonly identity: RootIdentity;
}

/** As often as a watch looks at its own root. */
const ROOT_CHECK_MS = 1_000;

/**
 * What a watch of its own would emit for `tree`, made of the batches of the watch around it: re-rooted, with `root`
 * records of its own. While the outer root is not there, or a directory on the way cannot be read, changes in
 * `tree` may be missed: it then counts as gone, and afterwards as back, with a rescan of all. Order is kept; completes
 * with `outer$`.
 */
export function nestedBatches$(outer$: Observable<EventBatch>, tree: NestedTree): Observable<EventBatch> {
  return new Observable((subscriber) => {
    const state = new NestedState(tree);
    const look = (): void => {
      const events = state.look();
      if (events.length > 0) subscriber.next(encodeEventBatch(events));
    };
    const timer = setInterval(look, ROOT_CHECK_MS);
    timer.unref();
    subscriber.add(() => {
      clearInterval(timer);
    });
    subscriber.add(
      outer$.subscribe({
        next: (batch) => {
          state.note(batch);
          // Before its events: nothing may be delivered of a root that is gone.
          look();
          const own = rerootBatch(batch, tree.place);
          if (own !== undefined) subscriber.next(own);
        },
        error: (error) => {
          subscriber.error(error);
        },
        complete: () => {
          subscriber.complete();
        },
      }),
    );
  });
}

class NestedState {
  readonly #tree: NestedTree;
  readonly #blind = new Set<PathBytes>();
  #isOuterThere = true;
  #last: RootStateName | 'there' = 'there';

  constructor(tree: NestedTree) {
    this.#tree = tree;
  }

  /** Takes what the batch says about the way down to the tree. */
  note(batch: EventBatch): void {
    for (let slot = 0; slot < batch.slotCount; slot++) {
      const kind = batch.kind(slot);
      if (kind === SLOT.root) this.#isOuterThere = batch.hints(slot) === ROOT_STATE.back;
      else if (kind === SLOT.coverage) this.#noteCoverage(batch, slot);
    }
  }

  /** What has become of the root since the last look. */
  look(): readonly WatchEvent[] {
    const now = this.#now();
    if (now === this.#last) return [];
    this.#last = now;
    if (now !== 'there') return [{ kind: 'root', state: now, errno: 0 }];
    return [
      { kind: 'root', state: 'back', errno: 0 },
      { kind: 'rescan', directory: ROOT_PATH, reason: 'recovered' },
    ];
  }

  #now(): RootStateName | 'there' {
    const identity = rootIdentity(this.#tree.path);
    if (identity !== undefined && !isRoot(identity, this.#tree.identity)) return 'replaced';
    const isWatched = this.#isOuterThere && this.#blind.size === 0;
    return identity === undefined || !isWatched ? 'gone' : 'there';
  }

  #noteCoverage(batch: EventBatch, slot: number): void {
    const directory = batch.directory(batch.directoryIndex(slot));
    // The watch limit is told of the whole tree, and would be no other for a watch of its own.
    const { place } = this.#tree;
    if (directory !== place && !isBelow(place, directory)) return;
    if (batch.counts(slot + 1).reason === COVERAGE_REASON.watchLimit) return;
    if (batch.hints(slot) === COVERAGE_STATE.blind) this.#blind.add(directory);
    else if (batch.hints(slot) === COVERAGE_STATE.watching) this.#blind.delete(directory);
  }
}
