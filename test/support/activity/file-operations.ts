import {
  appendFileSync,
  chmodSync,
  closeSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { parentPath, pathToBuffer } from '../../../src/model/path-bytes.ts';
import { systemCalls } from '../system-calls.ts';
import { kindAt, statOf } from './activity-tree.ts';
import type { ActivityWorld } from './activity-world.ts';
import { commonSizes, content, singleNamedFile, editableFile } from './activity-world.ts';

const commonSeconds = [1_000_000_000, 1_500_000_000, 1_600_000_000];

const fileModes = [0o600, 0o644, 0o640, 0o755, 0o400, 0o444, 0o666, 0o4755];

const directoryModes = [0o700, 0o755, 0o750, 0o711, 0o777, 0o1777, 0o2755];

export function create(world: ActivityWorld): void {
  const path = world.tree.freePath();
  if (path !== undefined) writeFileSync(pathToBuffer(path), content(world));
}

/** Written in pieces by one open file, as by a download. */
export function createInPieces(world: ActivityWorld): void {
  const path = world.tree.freePath();
  if (path === undefined) return;
  const file = openSync(pathToBuffer(path), 'w');
  for (let piece = world.random.integer(2, 20); piece > 0; piece--) writeSync(file, content(world));
  closeSync(file);
}

export function append(world: ActivityWorld): void {
  const path = editableFile(world);
  if (path !== undefined) appendFileSync(pathToBuffer(path), content(world));
}

export function overwrite(world: ActivityWorld): void {
  const path = editableFile(world);
  if (path !== undefined) writeFileSync(pathToBuffer(path), content(world));
}

/** New content of the same size, twice within the second. */
export function overwriteSameSize(world: ActivityWorld): void {
  const path = editableFile(world);
  if (path === undefined) return;
  const file = openSync(pathToBuffer(path), 'r+');
  const sizeBytes = Number(statOf(path).size);
  writeSync(file, world.random.bytes(sizeBytes), 0, sizeBytes, 0);
  writeSync(file, world.random.bytes(sizeBytes), 0, sizeBytes, 0);
  closeSync(file);
}

/** New content of the same size, and the old modification time put back to the nanosecond. */
export function overwriteKeepingTime(world: ActivityWorld): void {
  const path = editableFile(world);
  if (path === undefined) return;
  const { size, mtimeNs } = statOf(path);
  writeFileSync(pathToBuffer(path), world.random.bytes(Number(size)));
  systemCalls.setModifiedTime(path, mtimeNs);
}

export function truncateOpen(world: ActivityWorld): void {
  const path = editableFile(world);
  if (path === undefined) return;
  const file = openSync(pathToBuffer(path), 'r+');
  ftruncateSync(file, world.random.pick(commonSizes));
  closeSync(file);
}

export function truncateByPath(world: ActivityWorld): void {
  const path = editableFile(world);
  if (path !== undefined) systemCalls.truncate(path, world.random.pick(commonSizes));
}

export function holdOpen(world: ActivityWorld): void {
  if (world.heldOpen.length >= 4) closeSync(world.heldOpen.shift() ?? -1);
  const path = editableFile(world);
  if (path !== undefined) world.heldOpen.push(openSync(pathToBuffer(path), 'a'));
}

/** Writes without a close, by whatever name the file has by now, if any. */
export function writeHeldOpen(world: ActivityWorld): void {
  if (world.heldOpen.length === 0) return;
  const file = world.random.pick(world.heldOpen);
  if (fstatSync(file).nlink <= 1) writeSync(file, content(world));
}

/** As editors save: a new file beside the old one, renamed over it. */
export function saveAtomically(world: ActivityWorld): void {
  const path = world.tree.entry('file', 'symlink');
  if (path === undefined) return;
  const unfinished = world.tree.freePath(parentPath(path));
  if (unfinished === undefined) return;
  writeFileSync(pathToBuffer(unfinished), content(world));
  renameSync(pathToBuffer(unfinished), pathToBuffer(path));
}

export function createAndRemove(world: ActivityWorld): void {
  const path = world.tree.freePath();
  if (path === undefined) return;
  writeFileSync(pathToBuffer(path), content(world));
  unlinkSync(pathToBuffer(path));
}

export function changeMode(world: ActivityWorld): void {
  const path = world.random.chance(0.6) ? singleNamedFile(world) : world.tree.entry('directory');
  if (path === undefined) return;
  chmodSync(pathToBuffer(path), world.random.pick(kindAt(path) === 'directory' ? directoryModes : fileModes));
}

export function touch(world: ActivityWorld): void {
  const path = world.random.chance(0.6) ? singleNamedFile(world) : world.tree.entry('directory');
  if (path === undefined) return;
  const seconds = world.random.chance(0.7) ? world.random.pick(commonSeconds) : Date.now() / 1000;
  utimesSync(pathToBuffer(path), seconds, seconds);
}

/** Not of a file held open: a later write would come under another name than the one that may be left. */
export function makeHardLink(world: ActivityWorld): void {
  const file = world.tree.entry('file');
  const path = world.tree.freePath();
  if (file === undefined || path === undefined) return;
  const { ino } = statOf(file);
  if (world.heldOpen.some((held) => fstatSync(held, { bigint: true }).ino === ino)) return;
  linkSync(pathToBuffer(file), pathToBuffer(path));
}
