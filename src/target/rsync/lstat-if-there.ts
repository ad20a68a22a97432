import { type BigIntStats, lstatSync } from 'node:fs';
import { pathToBuffer } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';

/**
 * What is at `path` (absolute), symlinks not followed; undefined when nothing is, also because a part of the path is no
 * directory (any more), which Node's `throwIfNoEntry: false` throws for. Other errors of lstat(2) are thrown.
 */
export function lstatIfThere(path: PathBytes): BigIntStats | undefined {
  try {
    return lstatSync(pathToBuffer(path), { bigint: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
