import type { Move } from '../model/batch.ts';
import type { EventBatch } from '../model/event-batch.ts';
import { HINT, RESCAN_REASON, SLOT, slotPath } from '../model/event-batch.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import type { DirtyNode, Writing } from './dirty-node.ts';
import {
  HINT_MASK,
  NODE,
  isContentInDoubt,
  isDirtyAndDeleted,
  isMadeAnew,
  mergeHints,
} from './dirty-node.ts';
import { collapse } from './collapse.ts';
import type { Place } from './batch-places.ts';
import { BatchPlaces } from './batch-places.ts';
import { DirtyTree, deletedBelow, isInDeleted, isInRescan, pathOfNode } from './dirty-tree.ts';
import { Flight } from './flight.ts';
import { type BookedName, bookedNames } from './mirror-books.ts';

export interface PendingTreeOptions {
  /** Keep move hints. Without it a moved directory is a rescan of its new path. */
  readonly moves: boolean;
  /** Keep what was seen to be deleted in a directory before the directory itself was, up to `maxPendingEntries` names. */
  readonly deletedNames?: boolean;
  /** Above this many dirty names, directories degrade to rescans until half of it is left. */
  readonly maxPendingEntries: number;
  /** A file that may still be being written is held back this long after its last write, and at most so long. */
  readonly writingQuietMs: number;
  readonly writingMaxMs: number;
}

const BORN_AND_GONE = HINT.created | HINT.deleted;

/** Names that the target may have something of though the tree does not: delivered beside it, or to be tried again. */
interface Beside {
  readonly isInUse: boolean;
  has(path: PathBytes): boolean;
}

const NOTHING: Beside = { isInUse: false, has: () => false };

/** Above this many move hints all of them are given up for rescans of the directories moved. */
const MAX_MOVES = 10_000;

/** So many moves back the first half of an exchange is looked for. */
const EXCHANGE_REACH = 64;

/**
 * The names of one target that may differ from the source, with what was first and last seen of each since it was last
 * delivered. Applied records only ever add doubt; names leave by {@link take} and come back by {@link giveBack}.
 * Memory is linear in the dirty names up to the cap. Times are those of the scheduler, in ms.
 *
 * Rules: born and gone between two deliveries is nothing but a new time of its directory; a deletion absorbs what is
 * below (its names are kept where `deletedNames` asks for them); a rescan compares by size and time, so names with new
 * content are kept beside it, and a directory that took the place of another is compared by content; a moved directory
 * takes what is pending below it along in one step; what happens to names that are in flight is not judged by events
 * alone (a late look of the delivery may have seen another state), so there nothing counts as born, and a moved
 * directory is compared by content. Delivery must be acknowledged only after the events of its time have been applied.
 */
export class PendingTree {
  #options: PendingTreeOptions;
  readonly #beside: Beside;
  #tree = new DirtyTree();
  #moves: Move[] = [];
  /** How many directories have been marked for rescan so far. */
  #rescans = 0;
  /** The last moves of this window, hinted or not. */
  #latest: { readonly from: PathBytes; readonly to: PathBytes }[] = [];
  #flight: Flight | undefined = undefined;
  /** Names kept with deleted directories since the last delivery; twice as many are there at most. */
  #deletedNames = 0;

  constructor(options: PendingTreeOptions, beside = NOTHING) {
    this.#options = options;
    this.#beside = beside;
  }

  /** These count from now on. Without `moves` the hints that there are become rescans. */
  configure(options: Pick<PendingTreeOptions, 'moves' | 'deletedNames' | 'writingQuietMs'>): void {
    this.#options = { ...this.#options, ...options };
    if (!options.moves && this.#moves.length > 0) this.#giveUpMoves();
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
    const places = new BatchPlaces(this.#tree, batch);
    for (let slot = 0; slot < batch.slotCount; slot++) {
      switch (batch.kind(slot)) {
        case SLOT.changed: {
          const place = places.at(batch.directoryIndex(slot));
          const rescans = this.#rescans;
          const isRipe = place.isCovered
            ? this.#changedInRescan(batch, slot, place.node, nowMs)
            : this.#changed(batch, slot, place.node, nowMs);
          if (this.#rescans !== rescans) places.forget();
          if (isRipe) fresh = true;
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
          this.#rescanned(batch, slot);
          places.forget();
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
    if (node.has(NODE.content)) return;
    const seen = node.has(NODE.dirty) ? node.state & HINT_MASK & ~HINT.created : 0;
    this.#tree.mark(node, seen | HINT.modified | HINT.closed, keptFlags(node), undefined);
  }

  /** The times and attributes of a directory may differ, whatever the records have said. */
  touchDirectory(path: PathBytes): void {
    this.#markTimes(this.#tree.reach(path));
  }

  /** What is in flight, then the moves and the names that wait. To be ended before the next change. */
  *booked(): Generator<BookedName> {
    if (this.#flight !== undefined) yield* bookedNames(this.#flight.tree.root, 'active');
    for (const { from, to, isDirectory } of this.#moves)
      yield {
        state: 'waiting',
        path: from,
        to,
        hints: isDirectory ? HINT.isDirectory : 0,
        isCompared: false,
      };
    yield* bookedNames(this.#tree.root, 'waiting');
  }

  /** True when the name, or all of a directory above it, is to be delivered anyway. */
  isDue(path: PathBytes): boolean {
    return this.#tree.find(path)?.has(NODE.dirty) === true || this.#tree.covers(path);
  }

  /** True when nothing is due, or in flight, that would change what is at this name on the target or the way there. */
  isSettled(path: PathBytes): boolean {
    return this.#tree.isSettled(path) && this.#flight?.tree.isSettled(path) !== false;
  }

  /**
   * Anything in or below the directory may differ, by size and time of files; with `byContent` files of equal size and
   * time may differ too.
   */
  rescan(path: PathBytes, byContent = false): void {
    const node = this.#tree.reach(path);
    if (node.has(NODE.content) || (!byContent && isInRescan(node))) return;
    const isGone = isDirtyAndDeleted(node);
    this.#markRescan(node, node.state & HINT_MASK & ~HINT.deleted, byContent || isGone);
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
      const hints = node.state & HINT_MASK;
      // A comparison passes on what is there, written to or not.
      const isPassedOn = isInRescan(node, NODE.rescan | NODE.moved);
      kept.mark(copy, isPassedOn ? asListed(hints) : hints, node.state & NODE.hinted, node.writing);
      if (node.children === undefined) taken.remove(node);
      else taken.clear(node);
    }
    this.#tree = kept;
    this.#flight = new Flight(taken, this.#moves);
    this.#flight.sawNewNames = open.length > 0;
    this.#moves = [];
    this.#latest = [];
    return this.#flight;
  }

  /** Ends the flight: whatever of it was not forgotten has been delivered too. */
  land(): void {
    this.#flight = undefined;
    this.#deletedNames = 0;
  }

  /** Ends the flight without (all of) it delivered: what it still holds is merged below what has come since. */
  giveBack(): void {
    const flight = this.#flight;
    if (flight === undefined) return;
    this.#flight = undefined;
    const left: [DirtyNode, DirtyNode][] = [[flight.tree.root, this.#tree.root]];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [old, node] = next;
      if (node.has(NODE.content) || isDirtyAndDeleted(node)) this.#keepDeleted(node, old);
      else if (old.deletedNames !== undefined)
        node.deletedNames = [...old.deletedNames, ...(node.deletedNames ?? [])];
      if (node.has(NODE.content)) continue;
      const isSeen = !isContentInDoubt(old) && node.parent !== undefined && isInRescan(node.parent);
      if (old.has(NODE.dirty) && !isSeen) this.#mergeBelow(old, node, flight.movesDelivered);
      if (node.has(NODE.content) || isDirtyAndDeleted(node) || old.children === undefined) continue;
      const isCovered = isInRescan(node);
      for (const child of old.children.values())
        if (!isCovered || isContentInDoubt(child) || child.children !== undefined)
          left.push([child, this.#tree.child(node, child.name)]);
    }
    this.#bound();
  }

  #mergeBelow(old: DirtyNode, node: DirtyNode, movesDelivered: boolean): void {
    const older = old.state & HINT_MASK & ~HINT.created;
    // A file whose move was lost with the delivery: what is at that name now may look the same by size and time.
    const isMissed = old.has(NODE.hinted) && !movesDelivered && (older & HINT.isDirectory) === 0;
    const written = (older & HINT.modified) !== 0 || isMissed;
    const settled = written ? older | HINT.modified | HINT.closed : older;
    const newer = node.has(NODE.dirty) ? node.state & HINT_MASK & ~HINT.created : undefined;
    const hints = newer === undefined ? settled : mergeHints(settled, newer);
    const another =
      old.has(NODE.content) ||
      (newer !== undefined && (newer & HINT.isDirectory) !== 0 && isMadeAnew(older, newer));
    if (another || old.has(NODE.rescan) || (old.has(NODE.moved) && !movesDelivered))
      this.#markRescan(node, hints, another);
    else this.#tree.mark(node, hints, keptFlags(node), node.writing);
  }

  #rescanned(batch: EventBatch, slot: number): void {
    const path = batch.directory(batch.directoryIndex(slot));
    const isNew = batch.hints(slot) === RESCAN_REASON.movedIn;
    const takesPlace = (): boolean => this.isDue(path) || this.#flight?.touches(path) === true;
    this.rescan(path, isNew && takesPlace());
  }

  /**
   * A record below a directory marked for rescan: only what size and time may not tell is kept. Returns true unless the
   * name is, after this, a file still being written.
   */
  #changedInRescan(batch: EventBatch, slot: number, directory: DirtyNode, nowMs: number): boolean {
    const hints = batch.hints(slot);
    const name = batch.name(slot);
    if (directory.has(NODE.content) || name === '') return true;
    const known = directory.children?.get(name);
    if ((hints & HINT.deleted) !== 0) {
      if (known !== undefined) this.#tree.remove(known);
      return true;
    }
    const isNew = (hints & (HINT.modified | HINT.created)) !== 0;
    if (!isNew && known?.has(NODE.dirty) !== true) return true;
    const node = known ?? this.#tree.child(directory, name);
    if ((hints & HINT.isDirectory) !== 0) {
      if (isNew) this.#markRescan(node, hints, true);
      return true;
    }
    const written = (hints & HINT.modified) !== 0;
    const anew = isNew ? HINT.modified | (written ? 0 : HINT.closed) : 0;
    const merged = mergeInto(node, (hints | anew) & ~HINT.created) & ~HINT.created;
    this.#markFile(node, merged, written, nowMs);
    return node.writing === undefined;
  }

  /** What was seen to be deleted in `from` is kept with `node`, before what is below `from` is taken out. */
  #keepDeleted(node: DirtyNode, from: DirtyNode): void {
    const { deletedNames, maxPendingEntries } = this.#options;
    const isKept = node === from || from.deletedNames === undefined;
    if (deletedNames !== true || (from.children === undefined && isKept)) return;
    const names = node === from ? [] : [...(node.deletedNames ?? [])];
    for (const { name, isNew } of deletedBelow(from))
      if (!isNew || ++this.#deletedNames <= maxPendingEntries) names.push(name);
    if (names.length > 0) node.deletedNames = names;
  }

  #markFile(node: DirtyNode, hints: number, written: boolean, nowMs: number): void {
    const { firstMs = nowMs, lastMs = nowMs } = node.writing ?? {};
    this.#tree.mark(node, hints, keptFlags(node), { firstMs, lastMs: written ? nowMs : lastMs });
  }

  /** Returns true unless the name is, after this, a file still being written. `directory` may be one marked for rescan. */
  #changed(batch: EventBatch, slot: number, directory: DirtyNode, nowMs: number): boolean {
    let hints = batch.hints(slot);
    if (directory.has(NODE.content)) return true;
    if (isDirtyAndDeleted(directory) && (hints & HINT.deleted) !== 0) return true;
    let madeAnew = (hints & HINT.modified) !== 0;
    if ((hints & HINT.created) !== 0 && (this.#flight !== undefined || this.#beside.isInUse)) {
      const path = slotPath(batch, slot);
      if (this.#flight?.touches(path) === true || this.#beside.has(path)) {
        // To be told as new still, for who is told kinds of events.
        hints = (hints & ~HINT.created) | HINT.listed;
        madeAnew = true;
      } else if (this.#flight !== undefined) this.#flight.sawNewNames = true;
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
      this.#keepDeleted(node, node);
      this.#tree.removeBelow(node);
      this.#tree.mark(node, merged, node.state & NODE.hinted, undefined);
    } else if (madeAnew && (merged & HINT.isDirectory) !== 0) {
      this.#markRescan(node, merged, true);
    } else this.#markFile(node, merged, (hints & HINT.modified) !== 0, nowMs);
    return node.writing === undefined;
  }

  #moved(
    batch: EventBatch,
    slot: number,
    { node: fromDirectory, isCovered: fromInRescan }: Place,
    { node: toDirectory, isCovered: toCovered }: Place,
    nowMs: number,
  ): void {
    const from = slotPath(batch, slot);
    const to = slotPath(batch, slot + 1);
    const isDirectory = (batch.hints(slot + 1) & HINT.isDirectory) !== 0;
    // A directory that was deleted is compared in case it is there again; what moves out of it is not what it held before.
    const fromCovered = fromInRescan || isInDeleted(fromDirectory);
    const flight = this.#flight;
    const touched = flight !== undefined && (flight.touches(from) || flight.touches(to));
    const flown = flight?.surrender(from) ?? 0;
    const node = fromDirectory.children?.get(batch.name(slot));
    const state = (node?.state ?? 0) | flown;
    const born = node?.has(HINT.created) === true && !node.has(NODE.hinted) && !touched && !fromCovered;
    const hinted = this.#options.moves && !born && !fromCovered;

    const isExchange = this.#isExchange(from, to);
    if (node !== undefined) this.#tree.detach(node);
    if (born && fromDirectory !== toDirectory) this.#markTimes(fromDirectory);
    if (!born && (!fromCovered || (isExchange && !fromDirectory.has(NODE.content)))) {
      const wasDirectory = isDirectory || (state & (HINT.isDirectory | NODE.rescan)) !== 0;
      const gone = this.#tree.child(fromDirectory, batch.name(slot));
      if (node !== undefined && !hinted) this.#keepDeleted(gone, node);
      const hints = HINT.modified | (wasDirectory ? HINT.isDirectory : 0);
      // The other half of an exchange has the name already, or what has come since the flight began.
      if (wasDirectory && (touched || isExchange)) this.#markRescan(gone, hints, true);
      else
        this.#tree.mark(
          gone,
          hints | (isExchange ? HINT.closed : HINT.deleted),
          state & NODE.hinted,
          undefined,
        );
    }
    if (toDirectory.has(NODE.content)) {
      if (node !== undefined) this.#tree.remove(node);
      return;
    }
    const known = toDirectory.children?.get(batch.name(slot + 1));
    const place = this.#tree.child(toDirectory, batch.name(slot + 1));
    if (isDirectory) {
      const replaced = known !== undefined && (isDirtyAndDeleted(known) || known.children !== undefined);
      const unsure = touched || replaced || toCovered || (state & HINT.deleted) !== 0;
      const compared = unsure ? 'byContent' : born || hinted ? 'no' : 'quickly';
      const arrived = this.#arriveDirectory(place, node, compared, hinted);
      if (hinted) this.#hint(arrived, { from, to, isDirectory });
    } else {
      const unsure = !hinted || touched || toCovered || isExchange;
      this.#arriveFile(place, node, state, unsure, hinted, nowMs);
      if (hinted) this.#hint(place, { from, to, isDirectory });
    }
  }

  /** `node` is what was pending at the old name, detached; it takes the place or is absorbed. Returns the node there. */
  #arriveDirectory(
    place: DirtyNode,
    node: DirtyNode | undefined,
    compared: 'no' | 'quickly' | 'byContent',
    hinted: boolean,
  ): DirtyNode {
    // Where no move is told, the name is new.
    const hints = HINT.isDirectory | ((node?.state ?? 0) & HINT.attrib) | (hinted ? 0 : HINT.listed);
    if (compared !== 'no') {
      if (node !== undefined) this.#tree.remove(node);
      this.#markRescan(place, hints, compared === 'byContent');
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
    hinted: boolean,
    nowMs: number,
  ): void {
    let hints = state & HINT_MASK & ~(HINT.created | HINT.deleted | HINT.isDirectory);
    // Where no move is told, the name is new.
    if (!hinted) hints |= HINT.listed;
    const writing = node?.writing ?? { firstMs: nowMs, lastMs: nowMs };
    if (node?.writing === undefined) {
      if (unsure) hints |= HINT.modified;
      if ((hints & HINT.modified) !== 0) hints |= HINT.closed;
    }
    if (node !== undefined) this.#tree.remove(node);
    this.#tree.mark(place, hints, keptFlags(place), writing);
  }

  /**
   * RENAME_EXCHANGE comes as a move there and one back, of which a target that makes both loses one file and has the
   * other under its old name. Records of other processes may lie between the two. To be asked once for each move.
   */
  #isExchange(from: PathBytes, to: PathBytes): boolean {
    const isSecond = this.#latest.some((move) => move.from === to && move.to === from);
    this.#latest.push({ from, to });
    if (this.#latest.length > EXCHANGE_REACH) this.#latest.shift();
    return isSecond;
  }

  #hint(place: DirtyNode, move: Move): void {
    this.#moves.push(move);
    place.state |= NODE.hinted;
    for (let up = place.parent; up !== undefined && !up.has(NODE.hinted); up = up.parent)
      up.state |= NODE.hinted;
    if (this.#moves.length > MAX_MOVES) this.#giveUpMoves();
  }

  #giveUpMoves(): void {
    this.#moves = [];
    for (const node of this.#tree.nodes()) {
      const hints = node.state & HINT_MASK;
      if (node.has(NODE.moved)) this.#markRescan(node, hints, false);
      else if (node.has(NODE.dirty) && node.has(NODE.hinted) && !node.has(HINT.deleted | HINT.isDirectory))
        this.#tree.mark(node, hints | HINT.modified | HINT.closed, keptFlags(node), undefined);
    }
  }

  /** A name born and gone leaves nothing but a new time of its directory. */
  #markTimes(directory: DirtyNode): void {
    if (directory.has(NODE.rescan) || isDirtyAndDeleted(directory)) return;
    const merged = mergeInto(directory, HINT.attrib | HINT.isDirectory);
    this.#tree.mark(directory, merged, keptFlags(directory), undefined);
  }

  #markRescan(node: DirtyNode, hints: number, byContent: boolean): void {
    this.#rescans++;
    const isByContent = byContent || node.has(NODE.content);
    this.#keepDeleted(node, node);
    if (isByContent) this.#tree.removeBelow(node);
    else this.#tree.removeWithoutDoubt(node);
    const flags = NODE.rescan | (isByContent ? NODE.content : 0) | (node.state & NODE.hinted);
    // It may be a file by the time of delivery.
    const anew = isByContent ? HINT.modified | HINT.closed : 0;
    this.#tree.mark(node, (hints & ~HINT.created) | anew, flags, undefined);
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

function mergeInto(node: DirtyNode, hints: number): number {
  return node.has(NODE.dirty) ? mergeHints(node.state & HINT_MASK, hints) : hints;
}

/** What a node keeps when its hints change. */
function keptFlags(node: DirtyNode): number {
  return node.state & (NODE.hinted | NODE.moved | NODE.rescan | NODE.content);
}

/** The hints of a name that is new here, but maybe not to the target. */
function asListed(hints: number): number {
  return (hints & HINT.created) === 0 ? hints : (hints & ~HINT.created) | HINT.listed;
}
