import type { PathBytes } from './path-bytes.ts';
import { joinPath } from './path-bytes.ts';

/**
 * The flat buffer in which the addon hands over events; `native/watch/event_batch.h` is its other side and holds the
 * same numbers. All words are 32 bit, unsigned, in host order:
 *
 *     header       8 words: magic, version, directory count, slot count, length of the bytes, sequence, 0, 0
 *     directories  2 words each: offset and length of the path in the bytes (relative to the root, '' is the root)
 *     slots        4 words each, see below
 *     bytes        names and paths, raw
 *
 * A slot is `kind | hints << 8 | nameLength << 16`, directory index, name offset, value. A `moved` record takes two
 * slots (movedFrom, movedTo), a `coverage` record two (coverage, coverageCounts), every other record one.
 * A path is as it was when the record was made: records are to be applied in order.
 */
export const EVENT_BATCH_MAGIC = 0x424e5953;
export const EVENT_BATCH_VERSION = 1;
export const HEADER_WORDS = 8;
export const DIRECTORY_WORDS = 2;
export const SLOT_WORDS = 4;

export const SLOT = {
  /** The entry `name` in `directory` may differ; hints are {@link HINT}. */
  changed: 1,
  /** First half of a paired move: where it was; hint `isDirectory`. The next slot is `movedTo`. */
  movedFrom: 2,
  movedTo: 3,
  /** Anything in or below `directory` may differ; hints are a {@link RESCAN_REASON}. */
  rescan: 4,
  /** How much of `directory` is watched; hints are a {@link COVERAGE_STATE}, value is an errno or 0. */
  coverage: 5,
  /** Word 1: directories watched, word 2: directories known but not watched, word 3: a {@link COVERAGE_REASON}. */
  coverageCounts: 6,
  /** The watched root itself; hints are a {@link ROOT_STATE}, value is an errno or 0. */
  root: 7,
  /** All that happened before the barrier with the token `value` was asked for lies before this slot. */
  barrier: 8,
} as const;

/** Hints of a `changed` record: what was seen of the name within this record. They help, they never decide. */
export const HINT = {
  /** The first thing seen was its creation: it did not exist before. */
  created: 1,
  /** Content was written (or the name was deleted and made anew). */
  modified: 2,
  /** Closed by its writer after the last write; `modified` without it means: may still be being written. */
  closed: 4,
  /** Mode, owner, times, links or xattrs changed. */
  attrib: 8,
  /** The last thing seen was its deletion (or its move to an unknown place). */
  deleted: 16,
  isDirectory: 32,
  /** Found by listing a directory that is new to the watch; whether it existed before is not known. */
  listed: 64,
} as const;

export const RESCAN_REASON = { overflow: 1, collapsed: 2, recovered: 3, movedIn: 4 } as const;
export const COVERAGE_STATE = { scanning: 1, watching: 2, blind: 3 } as const;
export const COVERAGE_REASON = {
  start: 1,
  overflow: 2,
  unreadable: 3,
  watchLimit: 4,
  otherFileSystem: 5,
  recovered: 6,
  progress: 7,
} as const;
export const ROOT_STATE = { gone: 1, back: 2, replaced: 3 } as const;

/** Any value of one of the tables above. */
export type ValueOf<T> = T[keyof T];
export type CoverageStateName = keyof typeof COVERAGE_STATE;
export type CoverageReasonName = keyof typeof COVERAGE_REASON;
export type RescanReasonName = keyof typeof RESCAN_REASON;
export type RootStateName = keyof typeof ROOT_STATE;

/** One record of an {@link EventBatch} as an object: for display, tests and rare kinds, not for the hot path. */
export type WatchEvent =
  | {
      readonly kind: 'changed';
      readonly directory: PathBytes;
      readonly name: PathBytes;
      readonly hints: number;
    }
  | {
      readonly kind: 'moved';
      readonly fromDirectory: PathBytes;
      readonly fromName: PathBytes;
      readonly toDirectory: PathBytes;
      readonly toName: PathBytes;
      readonly isDirectory: boolean;
    }
  | { readonly kind: 'rescan'; readonly directory: PathBytes; readonly reason: RescanReasonName }
  | {
      readonly kind: 'coverage';
      readonly directory: PathBytes;
      readonly state: CoverageStateName;
      readonly reason: CoverageReasonName;
      readonly errno: number;
      readonly watched: number;
      readonly missing: number;
    }
  | { readonly kind: 'root'; readonly state: RootStateName; readonly errno: number }
  | { readonly kind: 'barrier'; readonly token: number };

/**
 * A read-only view of one flat buffer. Slots are read by index without making objects; directory paths and names are
 * made into strings when asked for. The buffer must not change afterwards. Throws a RangeError on a malformed buffer.
 */
export class EventBatch {
  /** Number of slots (not of records: see {@link SLOT}). */
  readonly slotCount: number;
  readonly directoryCount: number;
  /** Counts the batches of one watch from 1; a gap is a bug. */
  readonly sequence: number;
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;
  readonly #slotsAt: number;
  readonly #textAt: number;
  readonly #directories: (PathBytes | undefined)[];

  constructor(readonly buffer: Buffer) {
    const aligned = buffer.byteOffset % 4 === 0 ? buffer : Buffer.from(buffer);
    const whole = aligned.byteOffset % 4 === 0 ? aligned : Buffer.from(new Uint8Array(aligned).buffer);
    if (whole.byteLength < HEADER_WORDS * 4) throw new RangeError('event batch: shorter than its header');
    this.#bytes = whole;
    this.#words = new Uint32Array(whole.buffer, whole.byteOffset, whole.byteLength >> 2);
    const [magic, version, directoryCount = 0, slotCount = 0, bytesLength = 0, sequence = 0] = this.#words;
    if (magic !== EVENT_BATCH_MAGIC || version !== EVENT_BATCH_VERSION)
      throw new RangeError('event batch: not of this version');
    this.directoryCount = directoryCount;
    this.slotCount = slotCount;
    this.sequence = sequence;
    this.#slotsAt = HEADER_WORDS + directoryCount * DIRECTORY_WORDS;
    this.#textAt = (this.#slotsAt + slotCount * SLOT_WORDS) * 4;
    if (this.#textAt + bytesLength > whole.byteLength) throw new RangeError('event batch: truncated');
    this.#directories = new Array<PathBytes | undefined>(directoryCount);
  }

  /** One of {@link SLOT}. */
  kind(slot: number): number {
    return this.#slotWord(slot, 0) & 0xff;
  }

  hints(slot: number): number {
    return (this.#slotWord(slot, 0) >>> 8) & 0xff;
  }

  /** Index for {@link directory}; equal indexes are equal directories, but not the other way round. */
  directoryIndex(slot: number): number {
    return this.#slotWord(slot, 1);
  }

  value(slot: number): number {
    return this.#slotWord(slot, 3);
  }

  /** Words 1 to 3 of a `coverageCounts` slot. */
  counts(slot: number): { watched: number; missing: number; reason: number } {
    return {
      watched: this.#slotWord(slot, 1),
      missing: this.#slotWord(slot, 2),
      reason: this.#slotWord(slot, 3),
    };
  }

  name(slot: number): PathBytes {
    const length = this.#slotWord(slot, 0) >>> 16;
    return this.#text(this.#slotWord(slot, 2), length);
  }

  /** The path of the directory with this index, relative to the root; made once a batch. */
  directory(index: number): PathBytes {
    const known = this.#directories[index];
    if (known !== undefined) return known;
    const { offset, length } = this.directoryRange(index);
    const path = this.#text(offset, length);
    this.#directories[index] = path;
    return path;
  }

  /** A word of a slot as it is in the buffer, 0 to 3. */
  word(slot: number, word: number): number {
    return this.#slotWord(slot, word);
  }

  /** Where the path of a directory is in {@link text}. */
  directoryRange(index: number): { readonly offset: number; readonly length: number } {
    const at = HEADER_WORDS + index * DIRECTORY_WORDS;
    return { offset: this.#words[at] ?? 0, length: this.#words[at + 1] ?? 0 };
  }

  /** The raw bytes of all names and paths. */
  get text(): Buffer {
    return this.#bytes.subarray(this.#textAt);
  }

  /** The records in order, as objects. */
  *events(): Generator<WatchEvent> {
    for (let slot = 0; slot < this.slotCount; slot++) {
      const directory = this.directory(this.directoryIndex(slot));
      switch (this.kind(slot)) {
        case SLOT.changed:
          yield { kind: 'changed', directory, name: this.name(slot), hints: this.hints(slot) };
          break;
        case SLOT.movedFrom: {
          const to = ++slot;
          yield {
            kind: 'moved',
            fromDirectory: directory,
            fromName: this.name(to - 1),
            toDirectory: this.directory(this.directoryIndex(to)),
            toName: this.name(to),
            isDirectory: (this.hints(to) & HINT.isDirectory) !== 0,
          };
          break;
        }
        case SLOT.rescan:
          yield { kind: 'rescan', directory, reason: keyOf(RESCAN_REASON, this.hints(slot)) };
          break;
        case SLOT.coverage: {
          const counts = this.counts(++slot);
          yield {
            kind: 'coverage',
            directory,
            state: keyOf(COVERAGE_STATE, this.hints(slot - 1)),
            errno: this.value(slot - 1),
            watched: counts.watched,
            missing: counts.missing,
            reason: keyOf(COVERAGE_REASON, counts.reason),
          };
          break;
        }
        case SLOT.root:
          yield { kind: 'root', state: keyOf(ROOT_STATE, this.hints(slot)), errno: this.value(slot) };
          break;
        case SLOT.barrier:
          yield { kind: 'barrier', token: this.value(slot) };
          break;
        default:
          throw new RangeError(`event batch: slot ${slot} has the unknown kind ${this.kind(slot)}`);
      }
    }
  }

  #slotWord(slot: number, word: number): number {
    return this.#words[this.#slotsAt + slot * SLOT_WORDS + word] ?? 0;
  }

  #text(offset: number, length: number): PathBytes {
    const start = this.#textAt + offset;
    return this.#bytes.toString('latin1', start, start + length) as PathBytes;
  }
}

/** The path of the entry a `changed`, `movedFrom` or `movedTo` slot names. */
export function slotPath(batch: EventBatch, slot: number): PathBytes {
  return joinPath(batch.directory(batch.directoryIndex(slot)), batch.name(slot));
}

function keyOf<T extends Record<string, number>>(table: T, value: number): keyof T {
  for (const key in table) if (table[key] === value) return key;
  throw new RangeError(`event batch: ${value} is none of ${Object.keys(table).join(', ')}`);
}

/** Writes events into one flat buffer, as the addon does: for tests, replays and benches. */
export function encodeEventBatch(events: readonly WatchEvent[], sequence = 1): EventBatch {
  const directories = new Map<PathBytes, number>();
  const slots: number[] = [];
  const texts: string[] = [];
  let textLength = 0;
  const addText = (text: string): number => {
    texts.push(text);
    textLength += text.length;
    return textLength - text.length;
  };
  const addDirectory = (path: PathBytes): number => {
    const index = directories.get(path) ?? directories.size;
    directories.set(path, index);
    return index;
  };
  const addSlot = (kind: number, hints: number, directory: PathBytes, name: string, value = 0): void => {
    slots.push(
      (kind | (hints << 8) | (name.length << 16)) >>> 0,
      addDirectory(directory),
      addText(name),
      value,
    );
  };
  for (const event of events) {
    switch (event.kind) {
      case 'changed':
        addSlot(SLOT.changed, event.hints, event.directory, event.name);
        break;
      case 'moved': {
        const hints = event.isDirectory ? HINT.isDirectory : 0;
        addSlot(SLOT.movedFrom, hints, event.fromDirectory, event.fromName);
        addSlot(SLOT.movedTo, hints, event.toDirectory, event.toName);
        break;
      }
      case 'rescan':
        addSlot(SLOT.rescan, RESCAN_REASON[event.reason], event.directory, '');
        break;
      case 'coverage':
        addSlot(SLOT.coverage, COVERAGE_STATE[event.state], event.directory, '', event.errno);
        slots.push(SLOT.coverageCounts, event.watched, event.missing, COVERAGE_REASON[event.reason]);
        break;
      case 'root':
        addSlot(SLOT.root, ROOT_STATE[event.state], '' as PathBytes, '', event.errno);
        break;
      case 'barrier':
        addSlot(SLOT.barrier, 0, '' as PathBytes, '', event.token);
        break;
    }
  }
  const table: number[] = [];
  for (const path of directories.keys()) table.push(addText(path), path.length);
  return packEventBatch(table, slots, Buffer.from(texts.join(''), 'latin1'), sequence);
}

/** A batch of the words of its directories and slots, and the bytes that they point into. */
export function packEventBatch(
  directories: readonly number[],
  slots: readonly number[],
  text: Buffer,
  sequence: number,
): EventBatch {
  const counts = [directories.length / DIRECTORY_WORDS, slots.length / SLOT_WORDS, text.length];
  const words = new Uint32Array(HEADER_WORDS + directories.length + slots.length);
  words.set([EVENT_BATCH_MAGIC, EVENT_BATCH_VERSION, ...counts, sequence]);
  words.set(directories, HEADER_WORDS);
  words.set(slots, HEADER_WORDS + directories.length);
  return new EventBatch(Buffer.concat([Buffer.from(words.buffer), text]));
}
