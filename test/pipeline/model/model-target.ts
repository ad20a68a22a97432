import type { Batch, BatchEntry, Move } from '../../../src/model/batch.ts';
import { HINT } from '../../../src/model/event-batch.ts';
import type { Outcome, PathProblem } from '../../../src/model/outcome.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { ROOT_PATH } from '../../../src/model/path-bytes.ts';
import { withMissedMoves } from '../../../src/target/move/missed-moves.ts';
import type { ModelDirectory, ModelFile, ModelNode } from './model-tree.ts';
import { directory, directoryAt, join, lookUp, nameOf, parentOf, partsOf } from './model-tree.ts';

/** Chooses among `count` possibilities, 0 being the undisturbed one. */
export type Choose = (count: number) => number;

/** Size and time of a file, which other contents have too. */
function stampOf(file: ModelFile): number {
  return file.content % 3;
}

/** A target that brings its tree up to date as the rsync target does: name by name, looking at the source as it is then. */
export class ModelTarget {
  readonly #recheck: PathBytes[] = [];
  readonly #problems: PathProblem[] = [];

  constructor(
    readonly source: ModelDirectory,
    readonly root: ModelDirectory,
    readonly choose: Choose,
  ) {}

  /** Applies the batch; the source may change at every yield. A generator left alone has been ended. */
  *apply(batch: Batch): Generator<undefined, Outcome, void> {
    if (batch.large === 'only') return yield* this.#applyLarge(batch);
    this.#recheck.length = 0;
    this.#problems.length = 0;
    const deferred: BatchEntry[] = [];
    const missed: Move[] = [];
    for (const move of batch.moves) {
      yield;
      if (!this.#move(move.from, move.to, move.isDirectory)) missed.push(move);
    }
    const named = withMissedMoves(batch, missed);
    // As if it had been emptied behind the mirror's back.
    const comparedWhole = this.choose(40) === 1;
    const { entries, contentSubtrees } = named;
    const subtrees = comparedWhole ? [ROOT_PATH] : named.subtrees;
    for (const entry of entries) {
      const { path, hints } = entry;
      yield;
      if (this.choose(24) === 1)
        return { kind: 'failed', scope: this.choose(3) === 1 ? 'target' : 'batch', message: 'broken' };
      if (this.choose(24) === 1) this.#problems.push({ path, message: 'no' });
      else if (batch.large === 'defer' && lookUp(this.source, path)?.kind === 'file' && this.choose(3) === 1)
        deferred.push(entry);
      else this.#bringUpToDate(path, (hints & (HINT.modified | HINT.created)) !== 0);
    }
    const compared = [
      ...subtrees.map((path) => ({ path, rewrite: false })),
      ...contentSubtrees.map((path) => ({ path, rewrite: true })),
    ];
    for (const { path, rewrite } of compared) {
      yield;
      if (this.choose(24) === 1)
        return { kind: 'failed', scope: this.choose(3) === 1 ? 'source' : 'batch', message: 'broken' };
      if (this.#isReachable(path)) yield* this.#mirror(path, rewrite);
    }
    const counts = { updated: 0, deleted: 0, bytes: 0 };
    return {
      kind: 'delivered',
      counts,
      problems: [...this.#problems],
      recheck: [...this.#recheck],
      deferred,
      ...(comparedWhole && { comparedWhole }),
    };
  }

  /** A file that is read at once and has its name at the end, as rsync's temporary file has. */
  *#applyLarge({ entries }: Batch): Generator<undefined, Outcome, void> {
    const [{ path, hints } = { path: ROOT_PATH, hints: 0 }] = entries;
    const read = lookUp(this.source, path);
    const copy = read?.kind === 'file' ? { ...read } : undefined;
    for (let steps = this.choose(40); steps > 0; steps--) yield;
    const counts = { updated: 0, deleted: 0, bytes: 0 };
    if (this.choose(8) === 1) return { kind: 'failed', scope: 'batch', message: 'broken' };
    if (this.choose(8) === 1)
      return { kind: 'delivered', counts, problems: [{ path, message: 'no' }], recheck: [] };
    const isWay = directoryAt(this.source, parentOf(path)) !== undefined;
    if (copy === undefined || !isWay) return { kind: 'delivered', counts, problems: [], recheck: [] };
    this.#deliver(path, copy, (hints & (HINT.modified | HINT.created)) !== 0);
    return { kind: 'delivered', counts, problems: [], recheck: [] };
  }

  #move(from: string, to: string, isDirectory: boolean): boolean {
    const node = lookUp(this.root, from);
    const toParent = directoryAt(this.root, parentOf(to));
    const replaced = lookUp(this.root, to);
    if (node === undefined || toParent === undefined || (node.kind === 'directory') !== isDirectory)
      return false;
    if (to === from || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return false;
    if (replaced !== undefined && replaced.kind !== node.kind) return false;
    if (replaced?.kind === 'directory' && replaced.entries.size > 0) return false;
    if (this.choose(12) === 1) return false;
    directoryAt(this.root, parentOf(from))?.entries.delete(nameOf(from));
    toParent.entries.set(nameOf(to), node);
    return true;
  }

  /** One name without what is below it; of a path that cannot be reached the topmost part that is in the way. */
  #bringUpToDate(path: string, rewrite: boolean): void {
    let at = '';
    for (const name of partsOf(path)) {
      at = join(at, name);
      const node = lookUp(this.source, at);
      if (at === path || node?.kind !== 'directory') {
        this.#deliver(at, node, rewrite);
        return;
      }
    }
  }

  /** Files of equal size and time are taken for equal, as rsync does, unless they are to be rewritten. */
  #deliver(path: string, node: ModelNode | undefined, rewrite: boolean): void {
    const there = lookUp(this.root, path);
    const looksEqual = node?.kind === 'file' && there?.kind === 'file' && stampOf(node) === stampOf(there);
    if (looksEqual && !rewrite) there.mode = node.mode;
    else this.#set(path, node);
  }

  #isReachable(path: string): boolean {
    return directoryAt(this.source, path) !== undefined;
  }

  *#mirror(path: string, rewrite: boolean): Generator<undefined, void, void> {
    const from = directoryAt(this.source, path);
    if (from === undefined) return;
    const names = [...from.entries.keys()];
    const to = this.#set(path, from);
    if (to?.kind !== 'directory') return;
    for (const name of [...to.entries.keys()]) if (!names.includes(name)) to.entries.delete(name);
    for (const name of names) {
      yield;
      const child = join(path, name);
      const node = lookUp(this.source, child);
      if (node === undefined || (node.kind === 'directory' && directoryAt(this.root, path) === undefined)) {
        if (this.choose(2) === 1) this.#recheck.push(child as PathBytes);
      } else if (this.choose(24) === 1) this.#problems.push({ path: child as PathBytes, message: 'no' });
      else if (node.kind === 'directory') yield* this.#mirror(child, rewrite);
      else this.#deliver(child, node, rewrite);
    }
  }

  /** Makes the parents as they are in the source, then the name itself; gives what is there now. */
  #set(path: string, node: ModelNode | undefined): ModelNode | undefined {
    if (path === '') return this.root;
    let at = '';
    let parent = this.root;
    for (const name of partsOf(parentOf(path))) {
      at = join(at, name);
      let next = parent.entries.get(name);
      if (next?.kind !== 'directory') {
        if (node === undefined) return undefined;
        parent.entries.set(name, (next = directory()));
      }
      next.mode = lookUp(this.source, at)?.mode ?? next.mode;
      parent = next;
    }
    const name = nameOf(path);
    if (node === undefined) parent.entries.delete(name);
    else if (node.kind === 'file') parent.entries.set(name, { ...node });
    else {
      const known = parent.entries.get(name);
      const made = known?.kind === 'directory' ? known : directory();
      made.mode = node.mode;
      parent.entries.set(name, made);
    }
    return parent.entries.get(name);
  }
}
