import { mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { baseName, pathToBuffer } from '../../../src/model/path-bytes.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { systemCalls } from '../system-calls.ts';
import type { ActivityTree, EntryKind } from './activity-tree.ts';
import { kindAt, statOf } from './activity-tree.ts';

/** Where operations take place. `outside` lies beside the tree, on the same file system; nothing may ever change in `decoy`. */
export interface ActivityWorld {
  readonly random: SeededRandom;
  readonly tree: ActivityTree;
  readonly outside: PathBytes;
  readonly decoy: PathBytes;
  /** Files kept open for writing, oldest first. */
  readonly heldOpen: number[];
}

/** Changes the tree, or does nothing when the tree has no fitting place for it. Throws only for what nobody foresaw. */
export type Operation = (world: ActivityWorld) => void;

/** Few sizes and few times, so that files of equal size and time are exchanged for one another. */
export const commonSizes = [0, 1, 100, 100, 4096];

export function content({ random }: ActivityWorld): Buffer {
  return random.bytes(random.chance(0.7) ? random.pick(commonSizes) : random.integer(1, 20_000));
}

/**
 * A file that may be changed. One with a second name is left out on purpose: a change is reported under the name it was made
 * by alone, and the mirror does not know the other names (docs/guarantees.md, "Hard links").
 */
export function singleNamedFile(world: ActivityWorld): PathBytes | undefined {
  const path = world.tree.entry('file');
  return path === undefined || statOf(path).nlink > 1n ? undefined : path;
}

/** The same, if its owner may write it. */
export function editableFile(world: ActivityWorld): PathBytes | undefined {
  const path = singleNamedFile(world);
  return path === undefined || (statOf(path).mode & 0o200n) === 0n ? undefined : path;
}

export function removeAny(path: PathBytes): void {
  if (kindAt(path) === 'directory') rmSync(pathToBuffer(path), { recursive: true });
  else unlinkSync(pathToBuffer(path));
}

export function makeAny(world: ActivityWorld, path: PathBytes, kind: EntryKind): void {
  switch (kind) {
    case 'file':
      writeFileSync(pathToBuffer(path), content(world));
      break;
    case 'directory':
      mkdirSync(pathToBuffer(path));
      if (world.random.chance(0.6)) writeInto(world, path);
      break;
    case 'symlink':
      symlinkSync(pathToBuffer(linkTarget(world)), pathToBuffer(path));
      break;
    case 'other':
      systemCalls.makeFifo(path);
      break;
  }
}

function writeInto(world: ActivityWorld, directory: PathBytes): void {
  const path = world.tree.freePath(directory);
  if (path !== undefined) writeFileSync(pathToBuffer(path), content(world));
}

/** Relative, absolute, dangling, to itself, to a directory of the tree, or to one outside that a mirror must not write into. */
function linkTarget(world: ActivityWorld): PathBytes {
  const { random, tree, decoy } = world;
  const inTree = tree.entry('file', 'directory');
  const targets: PathBytes[] = [
    '.',
    '..',
    'nowhere',
    '../up',
    'a',
    '../../../../../../../../nowhere',
  ] as PathBytes[];
  if (inTree !== undefined) targets.push(inTree, inTree, baseName(inTree), baseName(inTree));
  return random.chance(0.2) ? decoy : random.pick(targets);
}
