import type { Move } from '../../model/batch.ts';
import { isBelow, parentPath } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';

/** The few operations on a target's tree that a move takes. Paths are relative to its root; all reject when the way is lost. */
export interface MovableTree {
  /** As lstat(2) sees it. */
  kindOf(path: PathBytes): Promise<'missing' | 'directory' | 'other'>;
  /** False when it could not be made, because it exists for example. */
  makeDirectory(path: PathBytes): Promise<boolean>;
  /** As rename(2): false when the system refuses. */
  rename(from: PathBytes, to: PathBytes): Promise<boolean>;
}

/** So many moves that have nothing to do with each other are asked for at a time: the way there and back costs once for all. */
const MAX_UNDER_WAY = 64;

/**
 * Makes the moves in their order (those that share no path at the same time) and returns those that could not be made.
 * The name at `from` must be of the kind moved, the directories on the way to both names must be directories and no
 * symlinks; those missing on the way to `to` are made. Rejects as the tree does, with nothing under way any more.
 */
export async function makeMoves(
  tree: MovableTree,
  moves: readonly Move[],
  onMade: (move: Move) => void,
): Promise<readonly Move[]> {
  const run = new MoveRun(tree);
  const missed = new Set<Move>();
  const underWay = new Map<Move, Promise<void>>();
  let trouble: { readonly error: unknown } | undefined;
  for (const move of moves) {
    for (let before = blocking(underWay, move); before; before = blocking(underWay, move)) await before;
    if (trouble !== undefined) break;
    const made = run
      .make(move)
      .then((isMade) => {
        if (isMade) onMade(move);
        else missed.add(move);
      })
      .catch((error: unknown) => {
        trouble ??= { error };
      })
      .finally(() => underWay.delete(move));
    underWay.set(move, made);
  }
  await Promise.all(underWay.values());
  if (trouble !== undefined) throw trouble.error;
  return moves.filter((move) => missed.has(move));
}

/** One of those under way that `move` has to wait for. */
function blocking(underWay: ReadonlyMap<Move, Promise<void>>, move: Move): Promise<void> | undefined {
  for (const [other, made] of underWay)
    if (underWay.size >= MAX_UNDER_WAY || isRelated(other, move)) return made;
  return undefined;
}

function isRelated(one: Move, other: Move): boolean {
  return [one.from, one.to].some((path) =>
    [other.from, other.to].some((place) => path === place || isBelow(path, place) || isBelow(place, path)),
  );
}

class MoveRun {
  readonly #tree: MovableTree;
  /** Seen to be directories since the last move of one. */
  readonly #directories = new Set<PathBytes>();

  constructor(tree: MovableTree) {
    this.#tree = tree;
  }

  async make({ from, to, isDirectory }: Move): Promise<boolean> {
    if (!(await this.#isDirectory(parentPath(from)))) return false;
    if ((await this.#tree.kindOf(from)) !== (isDirectory ? 'directory' : 'other')) return false;
    if (!(await this.#makeDirectories(parentPath(to)))) return false;
    const isMade = await this.#tree.rename(from, to);
    // What is below a moved directory is known by its old name.
    if (isDirectory || this.#directories.has(to)) this.#directories.clear();
    return isMade;
  }

  /** Each part of the path is a directory: a rename would go through a symlink, maybe out of the tree. */
  async #isDirectory(path: PathBytes): Promise<boolean> {
    if (path === '' || this.#directories.has(path)) return true;
    if (!(await this.#isDirectory(parentPath(path)))) return false;
    return this.#isDirectoryItself(path);
  }

  async #isDirectoryItself(path: PathBytes): Promise<boolean> {
    const isDirectory = (await this.#tree.kindOf(path)) === 'directory';
    if (isDirectory) this.#directories.add(path);
    return isDirectory;
  }

  async #makeDirectories(path: PathBytes): Promise<boolean> {
    if (path === '' || this.#directories.has(path)) return true;
    if (!(await this.#makeDirectories(parentPath(path)))) return false;
    if (await this.#isDirectoryItself(path)) return true;
    // Another move under way may make the same one.
    return (await this.#tree.makeDirectory(path)) || this.#isDirectoryItself(path);
  }
}
