import type { Batch, Move } from '../../model/batch.ts';
import { HINT } from '../../model/event-batch.ts';
import { joinPath, ROOT_PATH } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';

/**
 * The batch with what the `missed` ones of its moves were about: a directory is compared by content, a file is sent
 * whatever its size and time, both where the later moves of the batch have carried them, and at their first place.
 */
export function withMissedMoves(batch: Batch, missed: readonly Move[]): Batch {
  if (missed.length === 0) return batch;
  const places = placesOf(batch.moves, new Set(missed));
  const directories = places.filter(({ isDirectory }) => isDirectory).map(({ path }) => path);
  const contentSubtrees = withoutNested([...batch.contentSubtrees, ...directories]);
  const byContent = new Set(contentSubtrees);
  const subtrees = batch.subtrees.filter((path) => !byContent.has(path));
  const hints = new Map(batch.entries.map((entry) => [entry.path, entry.hints]));
  for (const { path, isDirectory } of places)
    hints.set(path, (hints.get(path) ?? 0) | (isDirectory ? HINT.isDirectory : HINT.modified));
  const entries = [...hints]
    .map(([path, bits]) => ({ path, hints: bits }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { ...batch, entries, subtrees, contentSubtrees };
}

function withoutNested(paths: readonly PathBytes[]): PathBytes[] {
  const kept: PathBytes[] = [];
  // Sorted, `a.b` may stand between `a` and `a/b`: so each asks for its parents.
  const all = new Set(paths);
  for (const path of [...all].sort()) {
    let isNested = path !== '' && all.has(ROOT_PATH);
    for (let slash = path.lastIndexOf('/'); slash > 0 && !isNested; slash = path.lastIndexOf('/', slash - 1))
      isNested = all.has(path.slice(0, slash) as PathBytes);
    if (!isNested) kept.push(path);
  }
  return kept;
}

interface Place {
  readonly path: PathBytes;
  readonly isDirectory: boolean;
}

interface PlaceNode {
  /** What was to come here and did not; undefined: nothing. */
  missed: 'file' | 'directory' | undefined;
  readonly children: Map<string, PlaceNode>;
}

/** Follows the missed names through the moves, in time linear in all paths. */
function placesOf(moves: readonly Move[], missed: ReadonlySet<Move>): Place[] {
  const root = newNode();
  for (const move of moves) {
    const { from, to } = move;
    const carried = find(root, from);
    if (carried === undefined && !missed.has(move)) continue;
    const arrived = carried ?? newNode();
    put(root, from, { missed: carried?.missed, children: new Map() });
    put(root, to, arrived);
    if (missed.has(move)) arrived.missed = move.isDirectory ? 'directory' : 'file';
  }
  const places: Place[] = [];
  const left: [PathBytes, PlaceNode][] = [[ROOT_PATH, root]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [path, node] = next;
    if (node.missed !== undefined) places.push({ path, isDirectory: node.missed === 'directory' });
    for (const [name, child] of node.children) left.push([joinPath(path, name as PathBytes), child]);
  }
  return places;
}

function newNode(): PlaceNode {
  return { missed: undefined, children: new Map() };
}

function find(root: PlaceNode, path: PathBytes): PlaceNode | undefined {
  let node: PlaceNode | undefined = root;
  for (const name of path.split('/')) node = node?.children.get(name);
  return node;
}

function put(root: PlaceNode, path: PathBytes, node: PlaceNode): void {
  const names = path.split('/');
  const last = names.pop() ?? '';
  let parent = root;
  for (const name of names) {
    let next = parent.children.get(name);
    if (next === undefined) parent.children.set(name, (next = newNode()));
    parent = next;
  }
  parent.children.set(last, node);
}
