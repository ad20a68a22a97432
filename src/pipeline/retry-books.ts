import type { Batch } from '../model/batch.ts';
import type { Delivered, HeldDeletions } from '../model/outcome.ts';
import { ROOT_PATH, type PathBytes } from '../model/path-bytes.ts';
import { BatchScope, REACH, type Reach } from './batch-scope.ts';
import type { MirrorOptions } from './mirror-options.ts';
import type { MirrorReport } from './mirror-report.ts';
import { RetryList, type Retry } from './retry-list.ts';

type RetryOptions = Pick<
  MirrorOptions,
  'quarantineBackOff' | 'recheckBackOff' | 'heldBackOff' | 'maxQuarantined'
>;

/** Deletions that are held: why, and when they are tried again. */
export interface Held extends Pick<HeldDeletions, 'message' | 'remedy'> {
  readonly retryAtMs: number;
}

/**
 * What one target was given and has not taken: paths that failed (quarantine), that changed while they were read (rechecks),
 * and deletions that are held. Each is tried again after a growing pause. Times are the scheduler's, in ms.
 */
export class RetryBooks {
  readonly #quarantine: RetryList;
  readonly #rechecks: RetryList;
  readonly #holds: RetryList;
  readonly #lists: readonly RetryList[];
  readonly #report: (report: MirrorReport) => void;
  #heldBy: HeldDeletions | undefined;
  /** A hold of the first compare, whose deletions stay those of a first compare. */
  #heldAtStartup = false;

  /** `report` is told of every path that fails or is in order again. */
  constructor(options: RetryOptions, report: (report: MirrorReport) => void) {
    this.#quarantine = new RetryList(options.quarantineBackOff, options.maxQuarantined);
    this.#rechecks = new RetryList(options.recheckBackOff, options.maxQuarantined);
    this.#holds = new RetryList(options.heldBackOff, options.maxQuarantined);
    this.#lists = [this.#quarantine, this.#rechecks, this.#holds];
    this.#report = report;
  }

  get size(): number {
    return this.#lists.reduce((sum, list) => sum + list.size, 0);
  }

  get quarantined(): number {
    return this.#quarantine.size;
  }

  /** Names that are looked at again soon. */
  get rechecks(): number {
    return this.#rechecks.size;
  }

  get held(): Held | undefined {
    if (this.#heldBy === undefined || this.#holds.size === 0) return undefined;
    const { message, remedy } = this.#heldBy;
    return { message, remedy, retryAtMs: this.#holds.dueMs() };
  }

  /** True when the target may have at `path` whatever it had before. */
  concerns(path: PathBytes): boolean {
    return this.#lists.some((list) => list.concerns(path));
  }

  isQuarantined(path: PathBytes): boolean {
    return this.#quarantine.has(path);
  }

  inQuarantine(): Iterable<Retry> {
    return this.#quarantine.all();
  }

  quarantineDueMs(): number {
    return this.#quarantine.dueMs();
  }

  /** When the next path is to be tried, or Infinity. */
  dueMs(): number {
    return Math.min(...this.#lists.map((list) => list.dueMs()));
  }

  /**
   * Gives `again` what is to be in the next delivery: what is due by its pause, and what `isDue` for another reason, since a
   * success of new events is taken as its success. True when deletions of the first compare are among them.
   */
  take(nowMs: number, isDue: (path: PathBytes) => boolean, again: (retry: Retry) => void): boolean {
    let isOfStartup = false;
    for (const list of this.#lists) {
      const due = list.take(nowMs);
      if (list === this.#holds && due.length > 0) isOfStartup = this.#heldAtStartup;
      for (const retry of due) again(retry);
      for (const retry of list.all()) if (isDue(retry.path)) again(retry);
    }
    return isOfStartup;
  }

  /** The source renamed `from` to `to`. */
  follow(from: PathBytes, to: PathBytes, nowMs: number): void {
    for (const list of [this.#rechecks, this.#holds]) if (list.size > 0) list.follow(from, to);
    if (this.#quarantine.size === 0) return;
    for (const [path, retry] of this.#quarantine.follow(from, to)) {
      this.#report({ kind: 'released', path });
      this.#reportQuarantined(retry, nowMs);
    }
  }

  /** Nothing waits for the end of its pause but rechecks, whose pauses are short. */
  hasten(nowMs: number): void {
    for (const list of [this.#quarantine, this.#holds]) list.hasten(nowMs);
  }

  /** Tells of a delivery, and lists what of it is to be tried again. */
  delivered(batch: Batch, outcome: Delivered, nowMs: number): void {
    const scope = new BatchScope(
      outcome.comparedWhole === true ? { ...batch, subtrees: [ROOT_PATH] } : batch,
    );
    const held = outcome.held?.paths ?? [];
    const failed = [...outcome.recheck, ...outcome.problems.map(({ path }) => path)];
    const deferred = outcome.deferred?.map(({ path }) => path) ?? [];
    const again = new Set([...failed, ...deferred, ...held]);
    const isDone = ({ path, reach }: Retry): boolean => scope.covers(path, reach) && !again.has(path);
    this.#report({ kind: 'delivered', batch, outcome });
    this.#rechecks.release(isDone);
    for (const path of this.#quarantine.release(isDone)) this.#report({ kind: 'released', path });
    this.#holds.release(isDone);
    this.#hold(outcome.held, batch, scope, nowMs);
    for (const path of outcome.recheck)
      this.#rechecks.add(path, 'changed while it was read', scope.reachOf(path), nowMs);
    for (const { path, message } of outcome.problems) this.failed(path, message, scope.reachOf(path), nowMs);
  }

  /** A path has failed, maybe not for the first time. */
  failed(path: PathBytes, message: string, reach: Reach, nowMs: number): void {
    const { retry, absorbed } = this.#quarantine.add(path, message, reach, nowMs);
    for (const gone of absorbed) this.#report({ kind: 'released', path: gone });
    this.#reportQuarantined(retry, nowMs);
  }

  /** The delivery under way has ended: what was tried and not told of is to be tried after its pause. */
  landed(nowMs: number): void {
    for (const list of this.#lists) list.landed(nowMs);
  }

  #hold(held: HeldDeletions | undefined, batch: Batch, scope: BatchScope, nowMs: number): void {
    if (held !== undefined) {
      this.#heldBy = held;
      this.#heldAtStartup ||= batch.reason === 'startup';
      for (const path of held.paths) {
        // All content is there.
        const isEntry = path !== ROOT_PATH && scope.reachOf(path) === REACH.entry;
        this.#holds.add(path, held.message, isEntry ? REACH.entry : REACH.subtree, nowMs);
      }
    } else if (this.#holds.size === 0) {
      this.#heldBy = undefined;
      this.#heldAtStartup = false;
    } else if (this.#heldBy?.isBrief === true) this.#holds.hasten(nowMs);
  }

  #reportQuarantined({ path, message, attempts, dueMs }: Retry, nowMs: number): void {
    this.#report({ kind: 'quarantined', path, message, attempts, retryInMs: Math.max(0, dueMs - nowMs) });
  }
}
