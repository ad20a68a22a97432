import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Batch } from '../../model/batch.ts';
import { HINT } from '../../model/event-batch.ts';
import type { PathProblem } from '../../model/outcome.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { TreeWalk } from '../rsync/normalize-list.ts';
import type { EntryKind } from '../rsync/normalize-list.ts';
import type { CommandEvent } from './command-event.ts';
import type { CommandEventKind } from './command-options.ts';
import { whyTooLong } from './walk-source.ts';

/** A directory of which every name is to be told. */
export interface PlannedWalk {
  readonly path: PathBytes;
  /** The directory is new, so all in it is. */
  readonly isNew: boolean;
}

/** What to tell of the entries and subtrees of a batch, in this order; `walks` come last. */
export interface EventPlan {
  /** The content of a directory before the directory. */
  readonly deletes: readonly CommandEvent[];
  /** Sorted by path, so that a directory comes before its content; `rescan` events at the end. */
  readonly changes: readonly CommandEvent[];
  readonly walks: readonly PlannedWalk[];
  /** Names that cannot be looked at. */
  readonly problems: readonly PathProblem[];
}

export interface PlanOptions {
  readonly source: PathBytes;
  readonly tells: ReadonlySet<CommandEventKind>;
  /** Names of which a `create` is due still: its command has failed. */
  readonly untold: ReadonlySet<PathBytes>;
  /** Directories of which a `delete` is due still, even if they are there again. */
  readonly undeleted: ReadonlySet<PathBytes>;
  /** A name below one that is gone is told as deleted too. */
  readonly deletedNames?: boolean | undefined;
}

/** So many names are looked at before others get their turn on the main thread. */
const NAMES_PER_TURN = 2000;
/** What is seen of a directory whose own name had an event; of one to be compared for another reason there is nothing. */
const NAMED = HINT.isDirectory | HINT.deleted | HINT.modified;

/**
 * Looks at every name of the batch (lstat, no symlink followed): what is gone is a `delete`, what is there a `create`,
 * `modify` or `attrib` by what was seen of it. A name below something that is no directory any more becomes that name. A
 * directory to compare that may have taken the place of another one is told as deleted first: what the old one held and
 * the new one does not is known to nobody here.
 */
export async function planEvents(batch: Batch, options: PlanOptions): Promise<EventPlan> {
  const planner = new Planner(batch, options);
  let names = 0;
  for (const { path, hints } of batch.entries) {
    planner.add(path, hints);
    if (++names % NAMES_PER_TURN === 0) await yieldToOthers();
  }
  for (const { path, isDirectory } of batch.deletedNames ?? []) {
    planner.addDeleted(path, isDirectory);
    if (++names % NAMES_PER_TURN === 0) await yieldToOthers();
  }
  return planner.plan();
}

/** The first of `kinds` that is told. */
export function toldAs(
  kinds: readonly CommandEventKind[],
  tells: ReadonlySet<CommandEventKind>,
): CommandEventKind | undefined {
  return kinds.find((kind) => tells.has(kind));
}

/** How to tell a name that was met in a directory, best first. */
export function walkedKinds(isNew: boolean, isDirectory: boolean): readonly CommandEventKind[] {
  return isNew || isDirectory ? ['create', 'modify'] : ['modify', 'create'];
}

class Planner {
  readonly #batch: Batch;
  readonly #options: PlanOptions;
  readonly #walk: TreeWalk;
  readonly #compared: ReadonlySet<PathBytes>;
  readonly #done = new Set<PathBytes>();
  readonly #deletes: CommandEvent[] = [];
  readonly #changes: CommandEvent[] = [];
  readonly #rescans: CommandEvent[] = [];
  readonly #walks: PlannedWalk[] = [];
  readonly #problems: PathProblem[] = [];

  constructor(batch: Batch, options: PlanOptions) {
    this.#batch = batch;
    this.#options = options;
    this.#walk = new TreeWalk(options.source);
    this.#compared = new Set([...batch.subtrees, ...batch.contentSubtrees]);
  }

  add(path: PathBytes, hints: number): void {
    const seen = this.#walk.see(path);
    if ('problem' in seen) {
      const message = whyTooLong(this.#options.source, path) ?? seen.problem;
      this.#problems.push({ path, message });
      return;
    }
    if (this.#options.deletedNames === true && seen.path !== path && (hints & HINT.created) === 0)
      this.addDeleted(path, (hints & HINT.isDirectory) !== 0);
    if (this.#done.has(seen.path)) return;
    this.#done.add(seen.path);
    if (seen.path === path) this.#tell(path, seen.kind, hints);
    // An ancestor that is gone or no directory any more: it was one.
    else this.#tell(seen.path, seen.kind, HINT.isDirectory | HINT.deleted);
  }

  /** A name that was deleted, in a directory that was deleted or to be compared after that. */
  addDeleted(path: PathBytes, isDirectory: boolean): void {
    const seen = this.#walk.see(path);
    const isThere = 'problem' in seen || (seen.path === path && seen.kind !== 'missing');
    if (isThere || this.#done.has(path)) return;
    this.#done.add(path);
    this.#push(this.#deletes, path, isDirectory, ['delete']);
  }

  plan(): EventPlan {
    const { reason } = this.#batch;
    if (this.#compared.has('' as PathBytes)) this.#compare('' as PathBytes, reason === 'startup');
    return {
      deletes: this.#deletes.sort((a, b) => (a.path < b.path ? 1 : -1)),
      changes: [...this.#changes.sort((a, b) => (a.path < b.path ? -1 : 1)), ...this.#rescans],
      walks: this.#walks,
      problems: this.#problems,
    };
  }

  #tell(path: PathBytes, kind: EntryKind, hints: number): void {
    const isCompared = this.#compared.has(path) && path !== '';
    if (kind === 'missing') {
      this.#push(this.#deletes, path, (hints & HINT.isDirectory) !== 0 || isCompared, ['delete']);
      return;
    }
    const isDirectory = kind === 'directory';
    const { tells, untold, undeleted } = this.#options;
    const isReplaced =
      (hints & HINT.deleted) !== 0 ||
      undeleted.has(path) ||
      (isDirectory && isCompared && (hints & NAMED) !== 0 && !isNewHere(hints));
    const willRescan = isDirectory && isCompared && tells.has('rescan');
    if (isReplaced && !willRescan) this.#push(this.#deletes, path, isDirectory, ['delete']);
    const isNew = isReplaced || (hints & (HINT.created | HINT.listed)) !== 0 || untold.has(path);
    this.#push(this.#changes, path, isDirectory, kindsOf(path, isDirectory, isNew, hints));
    // What was told of its content went with a `delete`, also where nobody asks for a compare.
    if (isDirectory && (isCompared || isReplaced)) this.#compare(path, isNew);
  }

  #compare(path: PathBytes, isNew: boolean): void {
    if (this.#options.tells.has('rescan')) this.#rescans.push({ kind: 'rescan', path, isDirectory: true });
    else this.#walks.push({ path, isNew });
  }

  #push(
    events: CommandEvent[],
    path: PathBytes,
    isDirectory: boolean,
    kinds: readonly CommandEventKind[],
  ): void {
    const kind = toldAs(kinds, this.#options.tells);
    if (kind !== undefined) events.push({ kind, path, isDirectory });
  }
}

/** Nothing is known to have been at this name: it was made, or moved here with nothing to replace. */
function isNewHere(hints: number): boolean {
  return (hints & HINT.created) !== 0 || (hints & (HINT.listed | HINT.modified)) === HINT.listed;
}

/** How to tell a name that is there, best first. */
function kindsOf(
  path: PathBytes,
  isDirectory: boolean,
  isNew: boolean,
  hints: number,
): readonly CommandEventKind[] {
  if (path === '') return ['attrib'];
  if (isNew) return ['create', 'modify'];
  const isWritten = (hints & HINT.modified) !== 0;
  if (isDirectory) return isWritten || (hints & HINT.attrib) === 0 ? ['create', 'attrib'] : ['attrib'];
  return isWritten || (hints & HINT.attrib) === 0 ? ['modify'] : ['attrib'];
}
