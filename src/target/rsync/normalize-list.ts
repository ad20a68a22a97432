import { lstatSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { BatchEntry } from '../../model/batch.ts';
import { HINT } from '../../model/event-batch.ts';
import type { PathProblem } from '../../model/outcome.ts';
import { parentPath, pathToBuffer } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';

/** What a name is on the source by now. */
export type EntryKind = 'missing' | 'directory' | 'file' | 'other';

/** A name that is safe to give to rsync in a list: all its ancestors are directories on the source. */
export interface ListedEntry {
  readonly path: PathBytes;
  readonly kind: EntryKind;
  /** Its content is new even where size and time say otherwise. */
  readonly rewrite: boolean;
  /** Of a regular file, else 0. */
  readonly bytes: number;
}

export interface NormalizedList {
  readonly entries: readonly ListedEntry[];
  /** Subtrees that are directories still; the others are among the entries. */
  readonly subtrees: readonly PathBytes[];
  /** Names that cannot be looked at, or be given to rsync. */
  readonly problems: readonly PathProblem[];
  /** What was seen on the way. */
  readonly walk: TreeWalk;
}

/** rsync's MAXPATHLEN is 4,096 with the final NUL, and the path it opens includes the root. */
export const MAX_PATH_BYTES = 4095;
/** So many names are looked at before others get their turn on the main thread: about 10 ms. */
const NAMES_PER_TURN = 2000;

/**
 * Looks at every name (lstat, no symlink is followed) and makes the list safe for `--files-from`: a name below a missing
 * component becomes that topmost component, one below a file or a symlink becomes that file or symlink; no duplicates;
 * order is kept. Subtrees that are no directory become entries. Linear in names and in their distinct directories.
 */
export async function normalizeList(
  root: PathBytes,
  entries: readonly BatchEntry[],
  subtrees: readonly PathBytes[],
): Promise<NormalizedList> {
  const walk = new TreeWalk(root);
  const listed = new Map<PathBytes, ListedEntry>();
  const problems: PathProblem[] = [];
  const keptSubtrees: PathBytes[] = [];
  let names = 0;
  const add = (path: PathBytes, rewrite: boolean): Seen => {
    const seen = walk.see(path);
    if ('problem' in seen) problems.push({ path, message: seen.problem });
    else {
      const known = listed.get(seen.path);
      // The hint speaks of the name itself, not of the ancestor that took its place.
      const isNew = (known?.rewrite ?? false) || (rewrite && seen.path === path && seen.kind === 'file');
      listed.set(seen.path, { path: seen.path, kind: seen.kind, rewrite: isNew, bytes: seen.bytes });
    }
    return seen;
  };
  for (const path of subtrees) {
    const seen = walk.see(path);
    if ('kind' in seen && seen.kind === 'directory' && seen.path === path) keptSubtrees.push(path);
    else add(path, true);
  }
  for (const { path, hints } of entries) {
    add(path, (hints & (HINT.modified | HINT.created)) !== 0);
    if (++names % NAMES_PER_TURN === 0) await yieldToOthers();
  }
  return { entries: [...listed.values()], subtrees: keptSubtrees, problems, walk };
}

type Seen =
  | { readonly path: PathBytes; readonly kind: EntryKind; readonly bytes: number }
  | { readonly problem: string };

/** lstat along the components of paths, each directory once. */
export class TreeWalk {
  readonly #root: PathBytes;
  readonly #seen = new Map<PathBytes, Seen>();
  readonly #stats = new Map<PathBytes, Stats>();

  constructor(root: PathBytes) {
    this.#root = root;
  }

  /** The name itself, or the topmost of its ancestors that is no directory; or why that cannot be known. */
  see(path: PathBytes): Seen {
    if (path === '') return { path, kind: 'directory', bytes: 0 };
    const known = this.#seen.get(path);
    if (known) return known;
    const parent = this.#seeDirectory(parentPath(path));
    if ('problem' in parent || parent.kind !== 'directory') return parent;
    return this.#look(path);
  }

  /** The time of a directory that {@link see} has met on its way, in ms with fraction. */
  directoryTimeMs(path: PathBytes): number | undefined {
    if (path === '') this.#look(path);
    return this.#stats.get(path)?.mtimeMs;
  }

  #seeDirectory(path: PathBytes): Seen {
    const known = this.#seen.get(path);
    if (known) return known;
    const seen = this.see(path);
    this.#seen.set(path, seen);
    return seen;
  }

  #look(path: PathBytes): Seen {
    const full = (path === '' ? this.#root : `${this.#root === '/' ? '' : this.#root}/${path}`) as PathBytes;
    if (full.length > MAX_PATH_BYTES)
      return { problem: `path of ${full.length} bytes is longer than rsync can handle (${MAX_PATH_BYTES})` };
    try {
      const stats = lstatSync(pathToBuffer(full), { throwIfNoEntry: false });
      if (!stats) return { path, kind: 'missing', bytes: 0 };
      if (!stats.isDirectory())
        return { path, kind: stats.isFile() ? 'file' : 'other', bytes: stats.isFile() ? stats.size : 0 };
      const seen = { path, kind: 'directory', bytes: 0 } as const;
      this.#seen.set(path, seen);
      this.#stats.set(path, stats);
      return seen;
    } catch (error) {
      const { code = '', syscall = 'lstat' } = error as NodeJS.ErrnoException;
      // The parent was a directory a moment ago: it is being replaced, and its own event is on the way.
      if (code === 'ENOTDIR' || code === 'ENOENT') return { path, kind: 'missing', bytes: 0 };
      return { problem: `${syscall}: ${code === 'EACCES' ? 'Permission denied' : code}` };
    }
  }
}
