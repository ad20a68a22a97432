import type { Move } from '../model/batch.ts';
import type { EventBatch } from '../model/event-batch.ts';
import { HINT, SLOT, slotPath } from '../model/event-batch.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import type { DirtyNode, Writing } from './dirty-node.ts';
import { HINT_MASK, NODE, isMadeAnew, mergeHints } from './dirty-node.ts';
import { collapse } from './collapse.ts';
import { DirtyTree, pathOfNode } from './dirty-tree.ts';
import { Flight } from './flight.ts';

export interface PendingTreeOptions {
  /** Keep move hints. Without it a moved directory is a rescan of its new path. */
  readonly moves: boolean;
  /** Above this many dirty names, directories degrade to rescans until half of it is left. */
  readonly maxPendingEntries: number;
  /** A file that may still be being written is held back this long after its last write, and at most so long. */
  readonly writingQuietMs: number;
  readonly writingMaxMs: number;
}

const BORN_AND_GONE = HINT.created | HINT.deleted;

/** Above this many move hints all of them are given up for rescans of the directories moved. */
const MAX_MOVES = 10_000;

/**
 * The names of one target that may differ from the source, with what was first and last seen of each since it was last
 * delivered. Applied records only ever add doubt; names leave by {@link take} and come back by {@link giveBack}.
 * Memory is linear in the dirty names up to the cap. Times are those of the scheduler, in ms.
 *
 * Rules: born and gone between two deliveries is nothing but a new time of its directory; a deletion and a rescan absorb what is below; a moved
 * directory takes what is pending below it along in one step; what happens to names that are in flight is not judged by
 * events alone (a late look of the delivery may have seen another state), so there nothing counts as born, and a moved
 * directory is compared. Delivery must be acknowledged only after the events of its time have been applied.
 */
export class PendingTree {
  readonly #options: PendingTreeOptions;
  #tree = new DirtyTree();
  #moves: Move[] = [];
  #flight: Flight | undefined = undefined;

  constructor(options: PendingTreeOptions) {
    this.#options = options;
  }

  /** Dirty names not in flight, those being written included. */
  get size(): number {
    return this.#tree.size;
  }

  /** Dirty names that need not be held back. */
  get ripe(): number {
    return this.#tree.size - this.#tree.writing.size;
  }

  /** Dirty names taken and not acknowledged. */
  get inFlight(): number {
    return this.#flight?.tree.size ?? 0;
  }

  /** When the first file still being written becomes due, or undefined. Looks at every such file. */
  writingDueMs(): number | undefined {
    let due: number | undefined;
    for (const { writing } of this.#tree.writing)
      if (writing !== undefined) due = Math.min(due ?? Infinity, this.#dueMs(writing));
    return due;
  }

  /**
   * Applies the `changed`, `moved` and `rescan` records in order; the other kinds are not its business. Returns true if
   * one of them made or found a name ripe, false if there was nothing but writes to files that are still open.
   */
  apply(batch: EventBatch, nowMs: number): boolean {
    let fresh = false;
    const places = new Places(this.#tree, batch);
    for (let slot = 0; slot < batch.slotCount; slot++) {
      switch (batch.kind(slot)) {
        case SLOT.changed: {
          if (this.#changed(batch, slot, places.at(batch.directoryIndex(slot)), nowMs)) fresh = true;
          break;
        }
        case SLOT.movedFrom: {
          const from = places.at(batch.directoryIndex(slot));
          this.#moved(batch, slot, from, places.at(batch.directoryIndex(slot + 1)), nowMs);
          places.forget();
          slot++;
          fresh = true;
          break;
        }
        case SLOT.rescan:
          this.rescan(batch.directory(batch.directoryIndex(slot)));
          fresh = true;
          break;
      }
    }
    this.#bound();
    return fresh;
  }

  /** The content of the name is in doubt; nothing was seen of it, so what was seen before stays. */
  touch(path: PathBytes): void {
    const node = this.#tree.reach(path);
    if (node.has(NODE.rescan)) return;
    const seen = node.has(NODE.dirty) ? node.state & HINT_MASK & ~HINT.created : 0;
    this.#tree.mark(node, seen | HINT.modified | HINT.closed, keptFlags(node), undefined);
  }

  /** Anything in or below the directory may differ. */
  rescan(path: PathBytes): void {
    const node = this.#tree.reach(path);
    if (!node.has(NODE.rescan)) this.#markRescan(node, node.state & HINT_MASK & ~HINT.deleted);
    if (path === '') this.#moves = [];
  }

  /**
   * Takes all that is ripe at `nowMs` (with `all`: everything) to be delivered; undefined if that is nothing. One flight
   * at a time: {@link land} or {@link giveBack} must have ended the last one.
   */
  take(nowMs: number, all = false): Flight | undefined {
    if (this.#flight !== undefined) throw new Error('pending tree: the last flight has not ended');
    const taken = this.#tree;
    const open = all
      ? []
      : [...taken.writing].filter((node) => node.writing && this.#dueMs(node.writing) > nowMs);
    if (taken.size === open.length) return undefined;
    const kept = new DirtyTree();
    for (const node of open) {
      const copy = kept.reach(pathOfNode(node));
      kept.mark(copy, node.state & HINT_MASK, node.state & NODE.hinted, node.writing);
      if (node.children === undefined) taken.remove(node);
      else taken.clear(node);
    }
    this.#tree = kept;
    this.#flight = new Flight(taken, this.#moves);
    this.#moves = [];
    return this.#flight;
  }

  /** Ends the flight: whatever of it was not forgotten has been delivered too. */
  land(): void {
    this.#flight = undefined;
  }

  /** Ends the flight without (all of) it delivered: what it still holds is merged below what has come since. */
  giveBack(): void {
    const flight = this.#flight;
    if (flight === undefined) return;
    this.#flight = undefined;
    const left: [DirtyNode, DirtyNode][] = [[flight.tree.root, this.#tree.root]];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [old, node] = next;
      if (node.has(NODE.rescan)) continue;
      if (old.has(NODE.dirty)) this.#mergeBelow(old, node, flight.movesDelivered);
      if (node.has(NODE.rescan) || isDirtyAndDeleted(node)) continue;
      if (old.children !== undefined)
        for (const child of old.children.values()) left.push([child, this.#tree.child(node, child.name)]);
    }
    this.#bound();
  }

  #mergeBelow(old: DirtyNode, node: DirtyNode, movesDelivered: boolean): void {
    const older = old.state & HINT_MASK & ~HINT.created;
    const settled = (older & HINT.modified) !== 0 ? older | HINT.closed : older;
    const newer = node.has(NODE.dirty) ? node.state & HINT_MASK & ~HINT.created : undefined;
    const hints = newer === undefined ? settled : mergeHints(settled, newer);
    const unsure =
      old.has(NODE.rescan) ||
      (old.has(NODE.moved) && !movesDelivered) ||
      (newer !== undefined && (newer & HINT.isDirectory) !== 0 && isMadeAnew(older, newer));
    if (unsure) this.#markRescan(node, hints);
    else this.#tree.mark(node, hints, keptFlags(node), node.writing);
  }

  /** Returns true unless the name is, after this, a file still being written. `directory` may be one marked for rescan. */
  #changed(batch: EventBatch, slot: number, directory: DirtyNode, nowMs: number): boolean {
    let hints = batch.hints(slot);
    if (directory.has(NODE.rescan)) return true;
    if (isDirtyAndDeleted(directory) && (hints & HINT.deleted) !== 0) return true;
    let madeAnew = (hints & HINT.modified) !== 0;
    if (this.#flight !== undefined && (hints & HINT.created) !== 0) {
      const path = slotPath(batch, slot);
      if (this.#flight.touches(path)) hints &= ~HINT.created;
      if (this.#flight.holds(path)) madeAnew = true;
    }
    const name = batch.name(slot);
    const known = name === '' ? directory : directory.children?.get(name);
    if (known?.has(NODE.dirty) === true) madeAnew ||= isMadeAnew(known.state, hints);
    let merged = known === undefined ? hints : mergeInto(known, hints);
    if ((merged & BORN_AND_GONE) === BORN_AND_GONE) {
      if (known?.has(NODE.hinted) !== true) {
        if (known !== undefined) this.#tree.remove(known);
        this.#markTimes(directory);
        return true;
      }
      merged &= ~HINT.created;
    }
    const node = known ?? this.#tree.child(directory, name);
    if ((merged & HINT.deleted) !== 0) {
      this.#tree.removeBelow(node);
      this.#tree.mark(node, merged, node.state & NODE.hinted, undefined);
    } else if (madeAnew && (merged & HINT.isDirectory) !== 0) {
      this.#markRescan(node, merged);
    } else {
      const written = (hints & HINT.modified) !== 0;
      const { firstMs = nowMs, lastMs = nowMs } = node.writing ?? {};
      this.#tree.mark(node, merged, keptFlags(node), { firstMs, lastMs: written ? nowMs : lastMs });
    }
    return node.writing === undefined;
  }

  #moved(
    batch: EventBatch,
    slot: number,
    fromDirectory: DirtyNode,
    toDirectory: DirtyNode,
    nowMs: number,
  ): void {
    const from = slotPath(batch, slot);
    const to = slotPath(batch, slot + 1);
    const isDirectory = (batch.hints(slot + 1) & HINT.isDirectory) !== 0;
    const flight = this.#flight;
    const touched = flight !== undefined && (flight.touches(from) || flight.touches(to));
    const flown = flight?.surrender(from) ?? 0;
    const fromCovered = fromDirectory.has(NODE.rescan);
    const node = fromCovered ? undefined : fromDirectory.children?.get(batch.name(slot));
    const state = (node?.state ?? 0) | flown;
    const born = node?.has(HINT.created) === true && !node.has(NODE.hinted) && !touched;
    const known = toDirectory.children?.get(batch.name(slot + 1));
    const replaced = known !== undefined && (isDirtyAndDeleted(known) || known.children !== undefined);
    // What is moved and then compared is compared by size and time: content whose hints are lost would be missed.
    const lost =
      isDirectory &&
      (touched || (state & (NODE.rescan | HINT.deleted)) !== 0 || (replaced && node?.children !== undefined));
    const hinted = this.#options.moves && !born && !fromCovered && !lost;

    if (node !== undefined) this.#tree.detach(node);
    if (born && fromDirectory !== toDirectory) this.#markTimes(fromDirectory);
    if (!fromCovered && !born) {
      const wasDirectory = isDirectory || (state & (HINT.isDirectory | NODE.rescan)) !== 0;
      const gone = this.#tree.child(fromDirectory, batch.name(slot));
      this.#tree.mark(
        gone,
        HINT.deleted | (wasDirectory ? HINT.isDirectory : 0),
        state & NODE.hinted,
        undefined,
      );
    }
    if (toDirectory.has(NODE.rescan)) {
      if (node !== undefined) this.#tree.remove(node);
      return;
    }
    const place = this.#tree.child(toDirectory, batch.name(slot + 1));
    if (isDirectory) {
      const unsure =
        touched || replaced || (!born && !hinted) || (state & (NODE.rescan | HINT.deleted)) !== 0;
      const arrived = this.#arriveDirectory(place, node, unsure, hinted);
      if (hinted) this.#hint(arrived, { from, to, isDirectory });
    } else {
      const unsure = !hinted || touched || known?.has(NODE.dirty) === true;
      this.#arriveFile(place, node, state, unsure, nowMs);
      if (hinted) this.#hint(place, { from, to, isDirectory });
    }
  }

  /** `node` is what was pending at the old name, detached; it takes the place or is absorbed. Returns the node there. */
  #arriveDirectory(
    place: DirtyNode,
    node: DirtyNode | undefined,
    unsure: boolean,
    hinted: boolean,
  ): DirtyNode {
    const hints = HINT.isDirectory | ((node?.state ?? 0) & HINT.attrib);
    if (unsure) {
      if (node !== undefined) this.#tree.remove(node);
      this.#markRescan(place, hints);
      return place;
    }
    const flags = (hinted ? NODE.moved : 0) | keptFlags(place) | (node === undefined ? 0 : keptFlags(node));
    if (node !== undefined) this.#tree.replace(place, node);
    const arrived = node ?? place;
    this.#tree.mark(arrived, hints, flags, undefined);
    return arrived;
  }

  #arriveFile(
    place: DirtyNode,
    node: DirtyNode | undefined,
    state: number,
    unsure: boolean,
    nowMs: number,
  ): void {
    let hints = state & HINT_MASK & ~(HINT.created | HINT.deleted | HINT.isDirectory);
    const writing = node?.writing ?? { firstMs: nowMs, lastMs: nowMs };
    if (node?.writing === undefined) {
      if (unsure) hints |= HINT.modified;
      if ((hints & HINT.modified) !== 0) hints |= HINT.closed;
    }
    if (node !== undefined) this.#tree.remove(node);
    this.#tree.mark(place, hints, keptFlags(place), writing);
  }

  #hint(place: DirtyNode, move: Move): void {
    this.#moves.push(move);
    place.state |= NODE.hinted;
    for (let up = place.parent; up !== undefined && !up.has(NODE.hinted); up = up.parent)
      up.state |= NODE.hinted;
    if (this.#moves.length <= MAX_MOVES) return;
    this.#moves = [];
    for (const node of this.#tree.nodes())
      if (node.has(NODE.moved)) this.#markRescan(node, node.state & HINT_MASK);
  }

  /** A name born and gone leaves nothing but a new time of its directory. */
  #markTimes(directory: DirtyNode): void {
    if (directory.has(NODE.rescan) || isDirtyAndDeleted(directory)) return;
    const merged = mergeInto(directory, HINT.attrib | HINT.isDirectory);
    this.#tree.mark(directory, merged, keptFlags(directory), undefined);
  }

  #markRescan(node: DirtyNode, hints: number): void {
    this.#tree.removeBelow(node);
    this.#tree.mark(node, hints & ~HINT.created, NODE.rescan | (node.state & NODE.hinted), undefined);
  }

  #bound(): void {
    if (this.#tree.size > this.#options.maxPendingEntries)
      collapse(this.#tree, Math.floor(this.#options.maxPendingEntries / 2));
    if (this.#tree.size > 0) return;
    this.#tree = new DirtyTree();
    this.#moves = [];
  }

  #dueMs(writing: Writing): number {
    const { writingQuietMs, writingMaxMs } = this.#options;
    return Math.min(writing.lastMs + writingQuietMs, writing.firstMs + writingMaxMs);
  }
}

/** The nodes of a batch's directories, looked up once: a record costs one map access, not a walk. */
class Places {
  readonly #nodes: (DirtyNode | undefined)[] = [];

  constructor(
    readonly tree: DirtyTree,
    readonly batch: EventBatch,
  ) {}

  /** The node of the directory, or the one marked for rescan that covers it. */
  at(index: number): DirtyNode {
    const known = this.#nodes[index];
    if (known !== undefined && !known.has(NODE.dropped)) return known;
    return (this.#nodes[index] = this.tree.reach(this.batch.directory(index)));
  }

  /** To be called when a directory has moved: the same path is now another node. */
  forget(): void {
    this.#nodes.length = 0;
  }
}

function mergeInto(node: DirtyNode, hints: number): number {
  return node.has(NODE.dirty) ? mergeHints(node.state & HINT_MASK, hints) : hints;
}

/** What a node keeps when its hints change. */
function keptFlags(node: DirtyNode): number {
  return node.state & (NODE.hinted | NODE.moved | NODE.rescan);
}

function isDirtyAndDeleted(node: DirtyNode): boolean {
  return node.has(NODE.dirty) && node.has(HINT.deleted);
}
