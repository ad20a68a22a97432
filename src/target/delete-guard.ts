import type { Batch } from '../model/batch.ts';
import type { Failed, HeldDeletions } from '../model/outcome.ts';
import { ROOT_PATH } from '../model/path-bytes.ts';

/** How many names one delivery may delete: so many, or so many of a hundred of those on the target. */
export interface DeleteLimit {
  readonly unit: 'names' | 'percent';
  readonly max: number;
}

/** Whether an empty source may empty the target; `running`: where each name was seen to go, and not by a comparison. */
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

  constructor(options: DeleteGuardOptions) {
    this.#options = options;
  }

  /** Whether it has to be known if the source is empty; `isNew`: the target is not as we left it. */
  minds(batch: Batch, isNew: boolean): boolean {
    if (this.#options.allowEmptySource !== 'running') return true;
    const isCompared = [...batch.subtrees, ...batch.contentSubtrees].includes(ROOT_PATH);
    return isNew || isCompared || batch.reason === 'startup';
  }

  /** Whether deletions must be counted before they are made. */
  watches(sourceIsEmpty: boolean): boolean {
    return this.#options.maxDelete !== undefined || this.#isForbidden(sourceIsEmpty);
  }

  /**
   * Judges a delivery that would delete `count` names. `countSource` gives the number of names of the source, if that has
   * to be known; its failure is passed on.
   */
  async judge(
    count: number,
    sourceIsEmpty: boolean,
    countSource: () => Promise<number | Failed>,
  ): Promise<DeletePermission | Failed> {
    if (this.#isForbidden(sourceIsEmpty))
      return count === 0 ? allow(0) : hold(count, true, this.#emptySource(count));
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

  #isForbidden(sourceIsEmpty: boolean): boolean {
    return sourceIsEmpty && this.#options.allowEmptySource !== true;
  }

  #emptySource(count: number): Pick<HeldDeletions, 'message' | 'remedy'> {
    return {
      message: `The source is empty and would delete ${names(count)} on ${this.#options.targetName}; nothing is deleted.`,
      remedy:
        'Bring the content back (mount it), or restart with --allow-empty-source if it is meant to be empty.',
    };
  }

  #tooMany(count: number, limit: string): Pick<HeldDeletions, 'message' | 'remedy'> {
    return {
      message: `${names(count)} would be deleted on ${this.#options.targetName}, more than --max-delete allows (${limit}); nothing is deleted, other changes go on.`,
      remedy: 'Bring the names back, or restart with a higher --max-delete if so many deletions are right.',
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
