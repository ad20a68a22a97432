import { accessSync, constants, realpathSync } from 'node:fs';
import { isBelow, parentPath, pathFromBuffer, pathToBuffer } from '../model/path-bytes.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import type { NestedTree } from './nested-batches.ts';
import { keepsBirthTimes, rootIdentity } from './root-identity.ts';

/** One watch: of the tree at `path`, and for all trees in it. */
export interface PlannedWatch<T> {
  readonly root: T;
  /** Those with the same path as the root. */
  readonly same: readonly T[];
  readonly nested: readonly { readonly root: T; readonly tree: NestedTree }[];
}

/**
 * The least number of watches for these roots (absolute paths of directories): one inside another shares its watch, and
 * so does one given twice. Each is in the plan once. One that cannot be told for sure from a later directory in its
 * place, or is below a directory that cannot be listed, gets a watch of its own.
 */
export function planWatches<T extends { readonly path: PathBytes }>(roots: readonly T[]): PlannedWatch<T>[] {
  const watches: (PlannedWatch<T> & {
    readonly real: PathBytes;
    same: T[];
    nested: { root: T; tree: NestedTree }[];
  })[] = [];
  const outermostFirst = roots
    .map((root) => ({ root, real: realPath(root.path) }))
    .sort((one, other) => one.real.length - other.real.length);
  for (const { root, real } of outermostFirst) {
    const same = watches.find((watch) => watch.root.path === root.path);
    if (same !== undefined) {
      same.same.push(root);
      continue;
    }
    const identity = keepsBirthTimes(real) ? rootIdentity(root.path) : undefined;
    const outer = watches.find((watch) => holds(watch.real, real) && canListDownTo(watch.real, real));
    if (outer === undefined || identity === undefined) {
      watches.push({ root, real, same: [], nested: [] });
      continue;
    }
    const place = real.slice(outer.real === '/' ? 1 : outer.real.length + 1) as PathBytes;
    outer.nested.push({ root, tree: { path: root.path, place, identity } });
  }
  return watches;
}

function holds(outer: PathBytes, inner: PathBytes): boolean {
  return outer === inner || outer === '/' || isBelow(inner, outer);
}

/** Every directory from `outer` to the parent of `inner` can be listed. */
function canListDownTo(outer: PathBytes, inner: PathBytes): boolean {
  for (let directory = inner; directory !== outer;) {
    directory = parentPath(directory) === '' ? ('/' as PathBytes) : parentPath(directory);
    try {
      accessSync(pathToBuffer(directory), constants.R_OK | constants.X_OK);
    } catch {
      return false;
    }
  }
  return true;
}

/** The path itself where it leads nowhere. */
function realPath(path: PathBytes): PathBytes {
  try {
    return pathFromBuffer(realpathSync(pathToBuffer(path), { encoding: 'buffer' }));
  } catch {
    return path;
  }
}
