import type { Subscription } from 'rxjs';
import type { Batch, BatchEntry } from '../model/batch.ts';
import { HINT } from '../model/event-batch.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { afterMove, isWithinOne, parentPath } from '../model/path-bytes.ts';

interface UnderWay {
  readonly entry: BatchEntry;
  subscription: Subscription | undefined;
  /** It has been moved away since: what comes of it does not matter. */
  isMoved: boolean;
  /** A batch has been delivered beside it. */
  hadCompany: boolean;
}

/** How the delivery of a large file has ended by itself. */
export interface LargeEnd {
  /** The file is where it was, so its outcome is to be told. */
  readonly isWanted: boolean;
  /**
   * A directory to be looked at again: the target has given it the attributes it had when the delivery began, and a batch
   * has given it newer ones meanwhile.
   */
  readonly stale: PathBytes | undefined;
}

/**
 * Files so large that a target has put them off: they are delivered one at a time beside the batches, so that no small one
 * waits for them. A file here is answered for here, not by the pending tree. A batch that deletes, moves or compares
 * something a file is in goes first, and ends its delivery: two deliveries never work at one name.
 */
export class LargeLane {
  readonly #waiting = new Map<PathBytes, number>();
  #underWay: UnderWay | undefined;

  /** Files that are not delivered yet. */
  get size(): number {
    const current = this.#underWay;
    const isExtra = current !== undefined && !current.isMoved && !this.#waiting.has(current.entry.path);
    return this.#waiting.size + (isExtra ? 1 : 0);
  }

  /** There is a file waiting or under way. */
  get isInUse(): boolean {
    return this.#waiting.size > 0 || this.#underWay !== undefined;
  }

  /** True when the target may get this file at any time. */
  has(path: PathBytes): boolean {
    return this.#waiting.has(path) || this.#underWay?.entry.path === path;
  }

  /** The file is to be delivered, again if it is under way. */
  add({ path, hints }: BatchEntry): void {
    this.#waiting.set(path, (this.#waiting.get(path) ?? 0) | hints);
  }

  /** The next file that may go, which is under way from now on; undefined if there is none, or one is under way. */
  begin(mayGo: (path: PathBytes) => boolean): BatchEntry | undefined {
    if (this.#underWay !== undefined) return undefined;
    for (const [path, hints] of this.#waiting) {
      if (!mayGo(path)) continue;
      const entry = { path, hints };
      this.#waiting.delete(path);
      this.#underWay = { entry, subscription: undefined, isMoved: false, hadCompany: false };
      return entry;
    }
    return undefined;
  }

  /** How the delivery of the file just begun can be ended. */
  runs(subscription: Subscription): void {
    if (this.#underWay !== undefined) this.#underWay.subscription = subscription;
  }

  /** The delivery of `entry`, as {@link begin} gave it, has ended by itself; undefined when it was ended from here before. */
  ended(entry: BatchEntry): LargeEnd | undefined {
    if (this.#underWay?.entry !== entry) return undefined;
    const { isMoved, hadCompany } = this.#underWay;
    this.#underWay = undefined;
    return { isWanted: !isMoved, stale: hadCompany && !isMoved ? parentPath(entry.path) : undefined };
  }

  /** It does not go this way; true when it was waiting. */
  withdraw(path: PathBytes): boolean {
    return this.#waiting.delete(path);
  }

  /** What was at and below `from` is now at and below `to`. */
  follow(from: PathBytes, to: PathBytes): void {
    const current = this.#underWay;
    if (current !== undefined && !current.isMoved) {
      const path = afterMove(current.entry.path, from, to);
      if (path !== undefined) {
        current.isMoved = true;
        this.add({ path, hints: current.entry.hints | HINT.modified });
      }
    }
    for (const [path, hints] of [...this.#waiting]) {
      const place = afterMove(path, from, to);
      if (place === undefined) continue;
      this.#waiting.delete(path);
      this.add({ path: place, hints: hints | HINT.modified });
    }
  }

  /**
   * To be asked before a batch is delivered. Forgets what the batch will bring up to date itself, ends the delivery
   * under way where the two would meet, and returns the batch without the file under way, which is delivered again then.
   */
  makeWay(batch: Batch): Batch {
    if (!this.isInUse) return batch;
    const reach = new Reach(batch);
    for (const path of [...this.#waiting.keys()]) if (reach.settles(path)) this.#waiting.delete(path);
    const current = this.#underWay;
    if (current === undefined) return batch;
    const { path } = current.entry;
    const isSettled = reach.settles(path);
    if (isSettled || current.isMoved || reach.disturbs(path)) {
      current.subscription?.unsubscribe();
      this.#underWay = undefined;
      if (!isSettled && !current.isMoved) this.add(current.entry);
      return batch;
    }
    current.hadCompany = true;
    const mine = batch.entries.find((entry) => entry.path === path);
    if (mine === undefined) return batch;
    this.add(mine);
    return { ...batch, entries: batch.entries.filter((entry) => entry !== mine) };
  }

  /** Ends the delivery under way; gives all that is not delivered, which is no more answered for here. */
  empty(): readonly BatchEntry[] {
    const current = this.#underWay;
    current?.subscription?.unsubscribe();
    this.#underWay = undefined;
    if (current !== undefined && !current.isMoved) this.add(current.entry);
    const left = [...this.#waiting].map(([path, hints]) => ({ path, hints }));
    this.#waiting.clear();
    return left;
  }
}

/** What a batch does to names that it may not even hold. */
class Reach {
  readonly #whole: ReadonlySet<PathBytes>;
  readonly #compared: ReadonlySet<PathBytes>;

  constructor({ entries, subtrees, contentSubtrees, moves }: Batch) {
    const deleted = entries.filter(({ hints }) => (hints & HINT.deleted) !== 0).map(({ path }) => path);
    this.#whole = new Set([...contentSubtrees, ...deleted]);
    this.#compared = new Set([...subtrees, ...moves.flatMap(({ from, to }) => [from, to])]);
  }

  /** Afterwards `path` is up to date, whatever it is by then. */
  settles(path: PathBytes): boolean {
    return isWithinOne(path, this.#whole);
  }

  /** `path` or something it is in is compared, or has another name afterwards. */
  disturbs(path: PathBytes): boolean {
    return isWithinOne(path, this.#compared);
  }
}
