import { type BigIntStats, lstatSync } from 'node:fs';
import { pathToBuffer } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';

/**
 * What is at `path` (absolute), symlinks not followed; undefined when nothing is, or when it cannot be looked at (a part
 * of the path is no directory any more, may not be searched, or is too long). Never throws: rsync's messages are read in
 * a callback, and what they name may have changed by then.
 */
export function lstatIfThere(path: PathBytes): BigIntStats | undefined {
  try {
    return lstatSync(pathToBuffer(path), { bigint: true });
  } catch {
    return undefined;
  }
}
