import { readdir } from 'node:fs/promises';
import { joinPath, pathFromBuffer, pathToBuffer, ROOT_PATH } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { lstatIfThere } from '../rsync/lstat-if-there.ts';
import { MAX_PATH_BYTES, TreeWalk } from '../rsync/normalize-list.ts';

export interface WalkedName {
  readonly path: PathBytes;
  readonly isDirectory: boolean;
}

export interface WalkOptions {
  readonly root: PathBytes;
  readonly isHidden: (path: PathBytes, isDirectory: boolean) => boolean;
  /** A name that cannot be looked at; the walk goes on beside it. */
  readonly onProblem: (path: PathBytes, message: string) => void;
}

/**
 * Every name below `directory` (not itself), a directory before its content, the names of a directory in byte order.
 * Lists one directory at a time and holds only those on the way down. No symlink is followed. Never throws: what vanishes
 * meanwhile is left out, since its own event is on the way.
 */
export async function* walkSource(
  directory: PathBytes,
  options: WalkOptions,
): AsyncGenerator<WalkedName, void, void> {
  const levels = [await namesIn(directory, options)];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const name = level.pop();
    if (name === undefined) {
      levels.pop();
      continue;
    }
    yield name;
    if (name.isDirectory) levels.push(await namesIn(name.path, options));
  }
}

/** What is in a directory and not hidden, the last name first. */
async function namesIn(directory: PathBytes, options: WalkOptions): Promise<WalkedName[]> {
  const full = fullPath(options.root, directory);
  const tooLong = whyTooLong(options.root, directory);
  if (tooLong !== undefined) {
    options.onProblem(directory, tooLong);
    return [];
  }
  try {
    const before = lstatIfThere(full);
    const found = await readdir(pathToBuffer(full), { withFileTypes: true, encoding: 'buffer' });
    // readdir(3) follows symlinks: what took the place of the directory meanwhile may have led anywhere.
    if (!isSameDirectoryStill(options.root, directory, before)) return [];
    return found
      .map((entry) => ({
        path: joinPath(directory, pathFromBuffer(entry.name)),
        isDirectory: entry.isDirectory(),
      }))
      .filter(({ path, isDirectory }) => !options.isHidden(path, isDirectory))
      .sort((a, b) => (a.path < b.path ? 1 : -1));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      options.onProblem(directory, `opendir: ${code === 'EACCES' ? 'Permission denied' : code}`);
    return [];
  }
}

/** True when `directory` is reached from `root` through directories alone, and is the one it was. */
function isSameDirectoryStill(
  root: PathBytes,
  directory: PathBytes,
  before: ReturnType<typeof lstatIfThere>,
): boolean {
  const seen = new TreeWalk(root).see(directory);
  if (!('kind' in seen) || seen.kind !== 'directory' || seen.path !== directory) return false;
  const now = lstatIfThere(fullPath(root, directory));
  if (directory === ROOT_PATH) return true;
  return now !== undefined && now.ino === before?.ino && now.dev === before.dev;
}

/** The path of a name below a root; the root itself for `''`. */
export function fullPath(root: PathBytes, path: PathBytes): PathBytes {
  if (path === '') return root;
  return root === '/' ? (`/${path}` as PathBytes) : joinPath(root, path);
}

/** Why no system call takes the path of this name; undefined if they do. */
export function whyTooLong(root: PathBytes, path: PathBytes): string | undefined {
  const { length } = fullPath(root, path);
  return length > MAX_PATH_BYTES
    ? `path of ${length} bytes is longer than the system takes (${MAX_PATH_BYTES})`
    : undefined;
}
