import type { EventBatch } from './event-batch.ts';
import { HINT, packEventBatch, RESCAN_REASON, SLOT } from './event-batch.ts';
import { isBelow, joinPath, type PathBytes, ROOT_PATH } from './path-bytes.ts';

/** Where a directory or an entry is, seen from the root of the part. */
type Place = 'inside' | 'root' | 'above' | 'outside';

/**
 * The batch as a watch of `root` alone, a directory of the watched tree, would have made it; undefined when it has
 * nothing about it. Order is kept. A move across the border becomes a deletion, or a change and a rescan; what happens
 * to the name of `root`, or to one above it, becomes a rescan of `''`; barriers stay. Left out: `root` records, and
 * coverage outside. Whether `root` is still the same directory cannot be told from events: that is to be looked at.
 */
export function rerootBatch(batch: EventBatch, root: PathBytes): EventBatch | undefined {
  return new Rerooting(batch, root).run();
}

class Rerooting {
  readonly #batch: EventBatch;
  readonly #root: PathBytes;
  readonly #places: (Place | undefined)[];
  /** Directories of the batch by their index here. */
  readonly #indexes: (number | undefined)[];
  readonly #directories: number[] = [];
  readonly #slots: number[] = [];
  readonly #text: Buffer[];
  #textLength: number;
  #rootIndex: number | undefined;

  constructor(batch: EventBatch, root: PathBytes) {
    this.#batch = batch;
    this.#root = root;
    this.#places = new Array<Place | undefined>(batch.directoryCount);
    this.#indexes = new Array<number | undefined>(batch.directoryCount);
    this.#text = [batch.text];
    this.#textLength = batch.text.length;
  }

  run(): EventBatch | undefined {
    const batch = this.#batch;
    for (let slot = 0; slot < batch.slotCount; slot++) {
      switch (batch.kind(slot)) {
        case SLOT.changed:
          this.#changed(slot);
          break;
        case SLOT.movedFrom:
          this.#moved(slot++);
          break;
        case SLOT.rescan:
          this.#rescan(slot);
          break;
        case SLOT.coverage:
          if (this.#isInside(slot)) {
            this.#copy(slot);
            this.#slots.push(...[0, 1, 2, 3].map((word) => batch.word(slot + 1, word)));
          }
          slot++;
          break;
        case SLOT.barrier:
          this.#add(SLOT.barrier, 0, this.#indexOfRoot(), batch.value(slot));
          break;
      }
    }
    if (this.#slots.length === 0) return undefined;
    return packEventBatch(this.#directories, this.#slots, Buffer.concat(this.#text), batch.sequence);
  }

  #changed(slot: number): void {
    const place = this.#placeOfEntry(slot);
    if (place === 'inside') this.#copy(slot);
    if (place !== 'root' && place !== 'above') return;
    const hints = this.#batch.hints(slot);
    if ((hints & ~(HINT.attrib | HINT.isDirectory)) !== 0) this.#rescanAll(RESCAN_REASON.recovered);
    else if (place === 'root')
      this.#add(SLOT.changed, HINT.attrib | HINT.isDirectory, this.#indexOfRoot(), 0);
  }

  #moved(slot: number): void {
    const [from, to] = [this.#placeOfEntry(slot), this.#placeOfEntry(slot + 1)];
    if ([from, to].some((place) => place === 'root' || place === 'above')) {
      this.#rescanAll(RESCAN_REASON.recovered);
    } else if (from === 'inside' && to === 'inside') {
      this.#copy(slot);
      this.#copy(slot + 1);
    } else if (from === 'inside') {
      this.#copyAs(slot, HINT.deleted);
    } else if (to === 'inside') {
      this.#copyAs(slot + 1, HINT.modified | HINT.closed);
      if ((this.#batch.hints(slot + 1) & HINT.isDirectory) !== 0) this.#rescanEntry(slot + 1);
    }
  }

  #rescan(slot: number): void {
    switch (this.#placeOf(this.#batch.directoryIndex(slot))) {
      case 'root':
      case 'inside':
        this.#copy(slot);
        break;
      case 'above':
        this.#rescanAll(this.#batch.hints(slot));
        break;
      case 'outside':
        break;
    }
  }

  #isInside(slot: number): boolean {
    const place = this.#placeOf(this.#batch.directoryIndex(slot));
    return place === 'inside' || place === 'root';
  }

  #placeOfEntry(slot: number): Place {
    switch (this.#placeOf(this.#batch.directoryIndex(slot))) {
      case 'root':
      case 'inside':
        return 'inside';
      case 'outside':
        return 'outside';
      case 'above':
        return this.#placeOfPath(
          joinPath(this.#batch.directory(this.#batch.directoryIndex(slot)), this.#batch.name(slot)),
        );
    }
  }

  #placeOf(index: number): Place {
    return (this.#places[index] ??= this.#placeOfPath(this.#batch.directory(index)));
  }

  #placeOfPath(path: PathBytes): Place {
    if (path === this.#root) return 'root';
    if (isBelow(path, this.#root)) return 'inside';
    return isBelow(this.#root, path) ? 'above' : 'outside';
  }

  /** A slot that names a directory inside, as it is but for that. */
  #copy(slot: number): void {
    const batch = this.#batch;
    this.#slots.push(
      batch.word(slot, 0),
      this.#indexOf(batch.directoryIndex(slot)),
      batch.word(slot, 2),
      batch.word(slot, 3),
    );
  }

  /** One half of a move as a change of its name. */
  #copyAs(slot: number, hints: number): void {
    const batch = this.#batch;
    const nameLength = batch.word(slot, 0) >>> 16;
    const all = hints | (batch.hints(slot) & HINT.isDirectory);
    this.#slots.push(
      (SLOT.changed | (all << 8) | (nameLength << 16)) >>> 0,
      this.#indexOf(batch.directoryIndex(slot)),
      batch.word(slot, 2),
      0,
    );
  }

  #rescanEntry(slot: number): void {
    const inside = this.#inside(this.#batch.directory(this.#batch.directoryIndex(slot)));
    const path = Buffer.from(joinPath(inside, this.#batch.name(slot)), 'latin1');
    this.#text.push(path);
    this.#add(SLOT.rescan, RESCAN_REASON.movedIn, this.#addDirectory(this.#textLength, path.length), 0);
    this.#textLength += path.length;
  }

  #rescanAll(reason: number): void {
    this.#add(SLOT.rescan, reason, this.#indexOfRoot(), 0);
  }

  #add(kind: number, hints: number, directory: number, value: number): void {
    this.#slots.push(kind | (hints << 8), directory, 0, value);
  }

  #indexOf(index: number): number {
    const known = this.#indexes[index];
    if (known !== undefined) return known;
    const { offset, length } = this.#batch.directoryRange(index);
    const inside = this.#inside(this.#batch.directory(index)).length;
    return (this.#indexes[index] = this.#addDirectory(offset + length - inside, inside));
  }

  #indexOfRoot(): number {
    return (this.#rootIndex ??= this.#addDirectory(0, 0));
  }

  #addDirectory(offset: number, length: number): number {
    this.#directories.push(offset, length);
    return this.#directories.length / 2 - 1;
  }

  /** The path of a directory inside as seen from the root. */
  #inside(path: PathBytes): PathBytes {
    if (this.#root === ROOT_PATH) return path;
    return path.slice(this.#root.length + 1) as PathBytes;
  }
}
