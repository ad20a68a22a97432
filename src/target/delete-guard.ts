import type { Batch } from '../model/batch.ts';
import { HINT } from '../model/event-batch.ts';
import type { Failed, HeldDeletions } from '../model/outcome.ts';
import { ROOT_PATH } from '../model/path-bytes.ts';

/** How many names one delivery may delete: so many, or so many of a hundred of those on the target. */
export interface DeleteLimit {
  readonly unit: 'names' | 'percent';
  readonly max: number;
}

/** Whether an empty source may empty the target; `running`: where its names were seen to go, and not only found missing. */
export type EmptySourcePolicy = boolean | 'running';

export interface DeleteGuardOptions {
  readonly targetName: string;
  /** None if not given. */
  readonly maxDelete?: DeleteLimit | undefined;
  readonly allowEmptySource?: EmptySourcePolicy | undefined;
}

/** What may be deleted: at most so many names in one run, or nothing because of a hold. */
export type DeletePermission =
  | { readonly kind: 'allowed'; readonly maxDelete: number }
  | { readonly kind: 'held'; readonly why: Omit<HeldDeletions, 'paths'> };

/**
 * Decides about the deletions of one target, delivery by delivery. A target asks before it deletes: while the guard
 * {@link watches}, it counts what would go (by a dry run, say), and deletes only what {@link judge} allows.
 */
export class DeleteGuard {
  readonly #options: DeleteGuardOptions;
  /** At least so many names are on the target; undefined until somebody had to count. */
  #leastNames: number | undefined;
  /** Names were seen to go until the source was empty, and it is so still. */
  #isSeenEmptied = false;

  constructor(options: DeleteGuardOptions) {
    this.#options = options;
  }

  /**
   * Whether the source is empty where that must not empty the target. `isEmpty` looks at the source; `isNew`: the target is
   * not as we left it.
   */
  mindsEmpty(batch: Batch, isNew: boolean, isEmpty: () => boolean): boolean {
    const { allowEmptySource } = this.#options;
    if (allowEmptySource === true) return false;
    if (!isEmpty()) {
      this.#isSeenEmptied = false;
      return false;
    }
    if (allowEmptySource !== 'running' || isNew || batch.reason === 'startup') return true;
    if ([...batch.subtrees, ...batch.contentSubtrees].includes(ROOT_PATH)) return !this.#isSeenEmptied;
    this.#isSeenEmptied ||= batch.entries.some(({ hints }) => (hints & HINT.deleted) !== 0);
    return false;
  }

  /** Whether deletions must be counted before they are made; `mindsEmpty` is what {@link mindsEmpty} has said. */
  watches(mindsEmpty: boolean): boolean {
    return this.#options.maxDelete !== undefined || mindsEmpty;
  }

  /**
   * Judges a delivery that would delete `count` names. `countSource` gives the number of names of the source, if that has
   * to be known; its failure is passed on.
   */
  async judge(
    count: number,
    mindsEmpty: boolean,
    countSource: () => Promise<number | Failed>,
  ): Promise<DeletePermission | Failed> {
    if (mindsEmpty) return count === 0 ? allow(0) : hold(count, true, this.#emptySource(count));
    const limit = this.#options.maxDelete;
    if (limit === undefined) return allow(Number.MAX_SAFE_INTEGER);
    if (limit.unit === 'names')
      return count <= limit.max ? allow(limit.max) : hold(count, false, this.#tooMany(count, `${limit.max}`));
    const share = (names: number): number => Math.floor((names * limit.max) / 100);
    if (count === 0) return allow(0);
    if (count > share(this.#leastNames ?? 0)) {
      const names = await countSource();
      if (typeof names !== 'number') return names;
      this.#leastNames = names + count;
    }
    const total = this.#leastNames ?? 0;
    const most = share(total);
    return count <= most
      ? allow(most)
      : hold(count, false, this.#tooMany(count, `${limit.max}% of ${total} names, that is ${most}`));
  }

  /** So many names have been deleted. */
  deleted(count: number): void {
    if (this.#leastNames !== undefined) this.#leastNames = Math.max(0, this.#leastNames - count);
  }

  #emptySource(count: number): Pick<HeldDeletions, 'message' | 'remedy'> {
    return {
      message: `The source is empty and would delete ${names(count)} on ${this.#options.targetName}; nothing is deleted.`,
      remedy:
        'Bring the content back (mount it), or say that it is meant to be empty: --allow-empty-source, or allowEmptySource in a configuration.',
    };
  }

  #tooMany(count: number, limit: string): Pick<HeldDeletions, 'message' | 'remedy'> {
    return {
      message: `${names(count)} would be deleted on ${this.#options.targetName}, more than --max-delete allows (${limit}); nothing is deleted, other changes go on.`,
      remedy:
        'Bring the names back, or say that so many deletions are right: a higher --max-delete, or maxDelete in a configuration.',
    };
  }
}

function allow(maxDelete: number): DeletePermission {
  return { kind: 'allowed', maxDelete };
}

function hold(
  count: number,
  isBrief: boolean,
  why: Pick<HeldDeletions, 'message' | 'remedy'>,
): DeletePermission {
  return { kind: 'held', why: { count, isBrief, ...why } };
}

function names(count: number): string {
  return count === 1 ? '1 name' : `${count} names`;
}
