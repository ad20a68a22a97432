import { mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { pathToBuffer } from '../../../src/model/path-bytes.ts';
import { kindAt } from './activity-tree.ts';
import type { ActivityWorld } from './activity-world.ts';
import { content, removeAny, makeAny } from './activity-world.ts';

export function makeDirectory(world: ActivityWorld): void {
  const path = world.tree.freePath();
  if (path !== undefined) mkdirSync(pathToBuffer(path));
}

/** mkdir -p with content: the watch is behind all the way down. */
export function makeTree(world: ActivityWorld): void {
  let directory = world.tree.freePath();
  for (let depth = world.random.integer(1, 5); depth > 0 && directory !== undefined; depth--) {
    mkdirSync(pathToBuffer(directory));
    for (let files = world.random.integer(0, 6); files > 0; files--) {
      const path = world.tree.freePath(directory);
      if (path !== undefined) writeFileSync(pathToBuffer(path), content(world));
    }
    directory = world.tree.freePath(directory);
  }
}

export function removeFile(world: ActivityWorld): void {
  const path = world.tree.entry('file', 'symlink', 'other');
  if (path !== undefined) unlinkSync(pathToBuffer(path));
}

export function removeTree(world: ActivityWorld): void {
  const path = world.tree.entry('directory');
  if (path !== undefined) rmSync(pathToBuffer(path), { recursive: true });
}

export function removeAndMakeAnew(world: ActivityWorld): void {
  const path = world.tree.entry('file', 'directory', 'symlink');
  if (path === undefined) return;
  const kind = kindAt(path) ?? 'file';
  removeAny(path);
  makeAny(world, path, kind);
}

/** The name stays, the type does not. */
export function changeType(world: ActivityWorld): void {
  const path = world.tree.entry('file', 'directory', 'symlink', 'other');
  if (path === undefined) return;
  const kind = kindAt(path);
  removeAny(path);
  makeAny(
    world,
    path,
    world.random.pick((['file', 'directory', 'symlink', 'other'] as const).filter((k) => k !== kind)),
  );
}

export function makeSymlink(world: ActivityWorld): void {
  const path = world.tree.freePath();
  if (path !== undefined) makeAny(world, path, 'symlink');
}
