import { lstat, mkdir, rename } from 'node:fs/promises';
import { pathFromText, pathToBuffer } from '../../src/model/path-bytes.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import type { MovableTree } from '../../src/target/move/make-moves.ts';

/** A directory of this machine as a tree for moves. */
export class DirectoryTree implements MovableTree {
  readonly #root: PathBytes;

  constructor(root: string) {
    this.#root = pathFromText(root);
  }

  async kindOf(path: PathBytes): Promise<'missing' | 'directory' | 'other'> {
    const stats = await lstat(this.#full(path)).catch(() => undefined);
    return stats === undefined ? 'missing' : stats.isDirectory() ? 'directory' : 'other';
  }

  makeDirectory(path: PathBytes): Promise<boolean> {
    return succeeds(mkdir(this.#full(path)));
  }

  rename(from: PathBytes, to: PathBytes): Promise<boolean> {
    return succeeds(rename(this.#full(from), this.#full(to)));
  }

  #full(path: PathBytes): Buffer {
    return pathToBuffer(`${this.#root}/${path}` as PathBytes);
  }
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
