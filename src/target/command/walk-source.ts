import { readdir } from 'node:fs/promises';
import { joinPath, pathFromBuffer, pathToBuffer } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { MAX_PATH_BYTES } from '../rsync/normalize-list.ts';

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
    const found = await readdir(pathToBuffer(full), { withFileTypes: true, encoding: 'buffer' });
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
