import type { PathBytes } from '../model/path-bytes.ts';
import { ROOT_PATH, afterMove, isBelow, isWithinOne, parentPath } from '../model/path-bytes.ts';
import type { BackOff } from './back-off.ts';
import { pauseMs } from './back-off.ts';
import { REACH } from './batch-scope.ts';
import type { Reach } from './batch-scope.ts';

/** A path that is to be delivered again after a pause. */
export interface Retry {
  readonly path: PathBytes;
  readonly message: string;
  /** How often it has failed by now. */
  readonly attempts: number;
  /** Infinity while it is being tried. */
  readonly dueMs: number;
  readonly reach: Reach;
}

/** What {@link RetryList.add} did. */
export interface Added {
  readonly retry: Retry;
  /** Paths no longer listed, because `retry` is a directory above them. */
  readonly absorbed: readonly PathBytes[];
}

/**
 * Paths of one target that are to be delivered again, each with growing pauses, until a delivery of them succeeds.
 * Bounded: above `maxPaths` those of one directory become that directory. Times are the scheduler's, in ms.
 * A path under retry is in the pending tree as well; only an outcome takes it out of here.
 */
export class RetryList {
  readonly #retries = new Map<PathBytes, Retry>();

  constructor(
    readonly backOff: BackOff,
    readonly maxPaths: number,
  ) {}

  get size(): number {
    return this.#retries.size;
  }

  /** When the next path is to be tried, or Infinity. */
  dueMs(): number {
    let due = Infinity;
    for (const { dueMs } of this.#retries.values()) due = Math.min(due, dueMs);
    return due;
  }

  /** The paths whose time has come; they count as being tried from now on. */
  take(nowMs: number): readonly Retry[] {
    const due = [...this.#retries.values()].filter((retry) => retry.dueMs <= nowMs);
    for (const retry of due) this.#retries.set(retry.path, { ...retry, dueMs: Infinity });
    return due;
  }

  has(path: PathBytes): boolean {
    return this.#retries.has(path);
  }

  /** True when `path` or something it is in is listed: the target may have there whatever it had before. */
  concerns(path: PathBytes): boolean {
    return isWithinOne(path, this.#retries);
  }

  /** All that are listed, whether their time has come or not. */
  all(): Iterable<Retry> {
    return this.#retries.values();
  }

  /** A path has failed, maybe not for the first time. */
  add(path: PathBytes, message: string, reach: Reach, nowMs: number): Added {
    const known = this.#retries.get(path);
    const attempts = (known?.attempts ?? 0) + 1;
    const retry = this.#set(path, message, attempts, joined(reach, known?.reach), nowMs);
    const absorbed: PathBytes[] = [];
    let whole = retry;
    while (this.size > this.maxPaths && whole.path !== ROOT_PATH) {
      const directory = parentPath(whole.path);
      let attempts = Math.max(1, this.#retries.get(directory)?.attempts ?? 0);
      let below: Reach = this.#retries.get(directory)?.reach ?? REACH.subtree;
      for (const one of [...this.#retries.values()]) {
        if (!isBelow(one.path, directory)) continue;
        attempts = Math.max(attempts, one.attempts);
        // What size and time do not tell of an entry, they do not tell of its directory.
        below = joined(below, one.reach === REACH.subtree ? REACH.subtree : REACH.content);
        this.#retries.delete(one.path);
        absorbed.push(one.path);
      }
      whole = this.#set(directory, message, attempts, joined(below, REACH.subtree), nowMs);
    }
    return { retry: whole, absorbed: absorbed.filter((gone) => gone !== path || known !== undefined) };
  }

  /** Takes out the paths that were delivered and returns them. */
  release(isDelivered: (retry: Retry) => boolean): readonly PathBytes[] {
    const released = [...this.#retries.values()].filter(isDelivered).map(({ path }) => path);
    for (const path of released) this.#retries.delete(path);
    return released;
  }

  /** All paths not being tried are due now. */
  hasten(nowMs: number): void {
    for (const retry of [...this.#retries.values()])
      if (retry.dueMs !== Infinity) this.#retries.set(retry.path, { ...retry, dueMs: nowMs });
  }

  /** The delivery under way has ended: what was tried and not told of is to be tried after its pause. */
  landed(nowMs: number): void {
    for (const { path, message, attempts, dueMs, reach } of [...this.#retries.values()])
      if (dueMs === Infinity) this.#set(path, message, attempts, reach, nowMs);
  }

  /** What was listed at and below `from` is now so at and below `to`. Returns each old path with what it is now. */
  follow(from: PathBytes, to: PathBytes): readonly (readonly [PathBytes, Retry])[] {
    const moved = [...this.#retries.values()].flatMap((old): (readonly [PathBytes, Retry])[] => {
      const path = afterMove(old.path, from, to);
      return path === undefined ? [] : [[old.path, { ...old, path }]];
    });
    for (const [old] of moved) this.#retries.delete(old);
    for (const [, retry] of moved) this.#retries.set(retry.path, retry);
    return moved;
  }

  #set(path: PathBytes, message: string, attempts: number, reach: Reach, nowMs: number): Retry {
    const retry = { path, message, attempts, reach, dueMs: nowMs + pauseMs(this.backOff, attempts) };
    this.#retries.set(path, retry);
    return retry;
  }
}

/** What is in doubt of an entry, the content of a file, a compare by size and time does not settle. */
function joined(one: Reach, other: Reach | undefined): Reach {
  return other === undefined || one === other ? one : REACH.content;
}
