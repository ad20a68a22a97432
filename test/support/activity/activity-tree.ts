import type { BigIntStats } from 'node:fs';
import { lstatSync, readdirSync } from 'node:fs';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { isBelow, joinPath, pathFromBuffer, pathToBuffer } from '../../../src/model/path-bytes.ts';
import { randomName } from './hostile-name.ts';
import type { SeededRandom } from '../seeded-random.ts';

export type EntryKind = 'file' | 'directory' | 'symlink' | 'other';

export interface Entry {
  readonly path: PathBytes;
  readonly kind: EntryKind;
}

const maxDepth = 8;
/** Room for what a source path grows by on a target, below PATH_MAX (4,096). */
const maxPathBytes = 3000;

/** Finds places in a real tree for random activity. Names are sorted before a choice, so that a seed decides alone. Paths are absolute. */
export class ActivityTree {
  readonly #names: readonly PathBytes[];

  /** Draws its names once: few enough that the same ones come back after a delete or a move. */
  constructor(
    readonly root: PathBytes,
    readonly random: SeededRandom,
    hostileShare: number,
  ) {
    this.#names = Array.from({ length: 60 }, () => randomName(random, hostileShare));
  }

  entriesOf(directory: PathBytes): Entry[] {
    return readdirSync(pathToBuffer(directory), { encoding: 'buffer', withFileTypes: true })
      .map((entry) => ({ path: joinPath(directory, pathFromBuffer(entry.name)), kind: entryKind(entry) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The root or a directory below it, the deeper the rarer. */
  directory(): PathBytes {
    let directory = this.root;
    for (let depth = 0; depth < maxDepth && this.random.chance(0.65); depth++) {
      const below = this.entriesOf(directory).filter((entry) => entry.kind === 'directory');
      if (below.length === 0) break;
      directory = this.random.pick(below).path;
    }
    return directory;
  }

  /** An entry of one of these kinds, or undefined if a few tries found none. Never the root. */
  entry(...kinds: readonly EntryKind[]): PathBytes | undefined {
    for (let attempt = 0; attempt < 6; attempt++) {
      const fitting = this.entriesOf(this.directory()).filter((entry) => kinds.includes(entry.kind));
      if (fitting.length > 0) return this.random.pick(fitting).path;
    }
    return undefined;
  }

  /** A path in `directory` at which there is nothing, or undefined. */
  freePath(directory = this.directory()): PathBytes | undefined {
    for (let attempt = 0; attempt < 6; attempt++) {
      const path = joinPath(directory, this.random.pick(this.#names));
      if (!isOccupied(path) && path.length < maxPathBytes) return path;
    }
    return undefined;
  }

  /** True when `entry` (a directory: with all below it) may become `path`: not inside itself, and no path grows too long. */
  mayBecome(entry: PathBytes, path: PathBytes): boolean {
    if (path === entry || isBelow(path, entry) || isBelow(entry, path)) return false;
    return path.length + this.#longestBelow(entry) < maxPathBytes;
  }

  countEntries(directory = this.root): number {
    let count = 0;
    for (const entry of this.entriesOf(directory))
      count += 1 + (entry.kind === 'directory' ? this.countEntries(entry.path) : 0);
    return count;
  }

  #longestBelow(path: PathBytes): number {
    if (kindAt(path) !== 'directory') return 0;
    const below = this.entriesOf(path).map(
      (entry) => entry.path.length - path.length + this.#longestBelow(entry.path),
    );
    return Math.max(0, ...below);
  }
}

export function statOf(path: PathBytes): BigIntStats {
  return lstatSync(pathToBuffer(path), { bigint: true });
}

export function isOccupied(path: PathBytes): boolean {
  return lstatSync(pathToBuffer(path), { throwIfNoEntry: false }) !== undefined;
}

/** What is at `path` (not through a symlink); undefined when there is nothing. */
export function kindAt(path: PathBytes): EntryKind | undefined {
  const stats = lstatSync(pathToBuffer(path), { throwIfNoEntry: false });
  return stats === undefined ? undefined : entryKind(stats);
}

function entryKind(entry: {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}): EntryKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'other';
}
