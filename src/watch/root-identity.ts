import { statSync } from 'node:fs';
import { parentPath, pathToBuffer } from '../model/path-bytes.ts';
import type { PathBytes } from '../model/path-bytes.ts';

/** Tells a directory from every other, also from a later one with the same inode number. */
export interface RootIdentity {
  readonly device: bigint;
  readonly inode: bigint;
  readonly bornNs: bigint;
}

/** Which directory `path` (absolute) leads to, symlinks followed; undefined when it leads to none. */
export function rootIdentity(path: PathBytes): RootIdentity | undefined {
  const stats = directoryStats(path);
  return stats && { device: stats.dev, inode: stats.ino, bornNs: stats.birthtimeNs };
}

export function isRoot(now: RootIdentity, known: RootIdentity): boolean {
  return now.device === known.device && now.inode === known.inode && now.bornNs === known.bornNs;
}

/** True when the file system of a directory (absolute, no symlinks in it) is seen to keep birth times. */
export function keepsBirthTimes(path: PathBytes): boolean {
  const device = directoryStats(path)?.dev;
  for (let at = path; ; at = parentPath(at)) {
    const stats = directoryStats(at === '' ? ('/' as PathBytes) : at);
    if (stats === undefined || stats.dev !== device) return false;
    // Without statx(2), Node gives the time of the last status change in its place, as it is of a new directory.
    if (stats.birthtimeNs !== 0n && stats.birthtimeNs !== stats.ctimeNs) return true;
    if (at === '' || at === '/') return false;
  }
}

function directoryStats(path: PathBytes) {
  try {
    const stats = statSync(pathToBuffer(path), { bigint: true });
    return stats.isDirectory() ? stats : undefined;
  } catch {
    return undefined;
  }
}
