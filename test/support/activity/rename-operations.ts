import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { baseName, joinPath, parentPath, pathToBuffer } from '../../../src/model/path-bytes.ts';
import { systemCalls } from '../system-calls.ts';
import type { EntryKind } from './activity-tree.ts';
import { isOccupied, statOf } from './activity-tree.ts';
import type { ActivityWorld } from './activity-world.ts';
import { content, editableFile, removeAny, makeAny } from './activity-world.ts';

function renameInto(world: ActivityWorld, ...kinds: readonly EntryKind[]): void {
  const from = world.tree.entry(...kinds);
  const to = world.tree.freePath();
  if (from !== undefined && to !== undefined && world.tree.mayBecome(from, to))
    renameSync(pathToBuffer(from), pathToBuffer(to));
}

export function renameFile(world: ActivityWorld): void {
  renameInto(world, 'file', 'symlink', 'other');
}

export function renameDirectory(world: ActivityWorld): void {
  renameInto(world, 'directory');
}

/** a → b → c → ... within one window. */
export function renameRepeatedly(world: ActivityWorld): void {
  let path = world.tree.entry('file', 'directory');
  for (let hops = world.random.integer(2, 4); hops > 0 && path !== undefined; hops--) {
    const next = world.tree.freePath(parentPath(path));
    if (next === undefined || !world.tree.mayBecome(path, next)) return;
    renameSync(pathToBuffer(path), pathToBuffer(next));
    path = next;
  }
}

export function renameOverFile(world: ActivityWorld): void {
  const from = world.tree.entry('file', 'symlink');
  const to = world.tree.entry('file', 'symlink');
  // rename(2) of two names of one file does nothing at all.
  if (from === undefined || to === undefined || statOf(from).ino === statOf(to).ino) return;
  renameSync(pathToBuffer(from), pathToBuffer(to));
}

export function renameOverEmptyDirectory(world: ActivityWorld): void {
  const from = world.tree.entry('directory');
  const to = world.tree.freePath();
  if (from === undefined || to === undefined || !world.tree.mayBecome(from, to)) return;
  mkdirSync(pathToBuffer(to));
  renameSync(pathToBuffer(from), pathToBuffer(to));
}

/** A directory is renamed away and another takes its name at once. */
export function replaceDirectory(world: ActivityWorld): void {
  const path = world.tree.entry('directory');
  const aside = path === undefined ? undefined : world.tree.freePath(parentPath(path));
  if (path === undefined || aside === undefined || !world.tree.mayBecome(path, aside)) return;
  renameSync(pathToBuffer(path), pathToBuffer(aside));
  makeAny(world, path, 'directory');
}

/** The directory of a file is moved while the file's change is fresh; half the time the file changes again at its new place. */
export function editThenMoveParent(world: ActivityWorld): void {
  const file = editableFile(world);
  if (file === undefined) return;
  const directory = parentPath(file);
  appendFileSync(pathToBuffer(file), content(world));
  const to = world.tree.freePath();
  if (directory === world.tree.root || to === undefined || !world.tree.mayBecome(directory, to)) return;
  renameSync(pathToBuffer(directory), pathToBuffer(to));
  if (world.random.chance(0.5)) appendFileSync(pathToBuffer(joinPath(to, baseName(file))), content(world));
}

function twoEntries(world: ActivityWorld): readonly [PathBytes, PathBytes] | undefined {
  const [first, second] = [
    world.tree.entry('file', 'directory', 'symlink'),
    world.tree.entry('file', 'directory', 'symlink'),
  ];
  if (first === undefined || second === undefined) return undefined;
  const fits = world.tree.mayBecome(first, second) && world.tree.mayBecome(second, first);
  return fits ? [first, second] : undefined;
}

export function exchange(world: ActivityWorld): void {
  const pair = twoEntries(world);
  if (pair !== undefined) systemCalls.exchange(...pair);
}

export function swapByThreeRenames(world: ActivityWorld): void {
  const pair = twoEntries(world);
  const aside = world.tree.freePath();
  if (pair === undefined || aside === undefined) return;
  const [first, second] = pair;
  if (!world.tree.mayBecome(first, aside) || parentPath(aside) === first || parentPath(aside) === second)
    return;
  if (aside.startsWith(`${second}/`)) return;
  renameSync(pathToBuffer(first), pathToBuffer(aside));
  renameSync(pathToBuffer(second), pathToBuffer(first));
  renameSync(pathToBuffer(aside), pathToBuffer(second));
}

export function moveOut(world: ActivityWorld): void {
  const from = world.tree.entry('file', 'directory', 'symlink');
  if (from === undefined) return;
  const to = joinPath(world.outside, baseName(from));
  if (isOccupied(to)) removeAny(to);
  renameSync(pathToBuffer(from), pathToBuffer(to));
}

/** What was moved out comes back, changed while nobody watched. */
export function moveIn(world: ActivityWorld): void {
  const candidates = world.tree.entriesOf(world.outside);
  const to = world.tree.freePath();
  if (candidates.length === 0 || to === undefined) return;
  const from = world.random.pick(candidates);
  if (!world.tree.mayBecome(from.path, to)) return;
  if (from.kind === 'directory') {
    const unseen = world.tree.freePath(from.path);
    if (unseen !== undefined) writeFileSync(pathToBuffer(unseen), content(world));
  }
  renameSync(pathToBuffer(from.path), pathToBuffer(to));
}
