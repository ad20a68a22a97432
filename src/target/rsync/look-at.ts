import { lstatSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';

/** What is at a path, no symlink followed; undefined when nothing is there or it cannot be looked at. */
export function lookAt(path: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
