import type { BatchEntry, Move } from '../model/batch.ts';
import { HINT } from '../model/event-batch.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { ROOT_PATH, joinPath } from '../model/path-bytes.ts';
import type { DirtyNode } from './dirty-node.ts';
import { HINT_MASK, NODE } from './dirty-node.ts';
import type { Flight } from './flight.ts';

/** A part of a flight, small enough for one delivery. */
export interface Chunk {
  readonly moves: readonly Move[];
  readonly entries: readonly BatchEntry[];
  readonly subtrees: readonly PathBytes[];
  /** What is to be forgotten once this is delivered. */
  readonly nodes: readonly DirtyNode[];
}

/** A chunk this full ends at the next border of a directory rather than in the middle of one. */
const NEARLY_FULL = 0.8;

/**
 * Lays out a flight as chunks of at most `maxEntries` entries, sorted by path in byte order over all chunks: the moves
 * in the first, the subtrees in the last, nothing below a subtree. A subtree has an entry too (but for the root), for
 * the name may have ceased to be a directory; a deleted directory has a subtree too, for it may exist again.
 * Lazy: names taken out of the flight meanwhile are left out. Never yields an empty chunk.
 */
export function* plan(flight: Flight, maxEntries: number): Generator<Chunk, void, void> {
  let moves = flight.moves;
  let entries: BatchEntry[] = [];
  let nodes: DirtyNode[] = [];
  const subtrees: PathBytes[] = [];
  const subtreeNodes: DirtyNode[] = [];
  for (const { node, path } of walk(flight.tree.root)) {
    if (node === undefined) {
      if (entries.length < maxEntries * NEARLY_FULL) continue;
    } else {
      const comparesBelow = node.has(NODE.rescan) || (node.has(HINT.deleted) && node.has(HINT.isDirectory));
      if (comparesBelow) {
        subtrees.push(path);
        subtreeNodes.push(node);
      } else {
        nodes.push(node);
      }
      if (path !== '' || !comparesBelow) entries.push({ path, hints: node.state & HINT_MASK });
      if (entries.length < maxEntries) continue;
    }
    yield { moves, entries, subtrees: [], nodes };
    [moves, entries, nodes] = [[], [], []];
  }
  if (moves.length + entries.length + subtrees.length > 0)
    yield { moves, entries, subtrees, nodes: [...nodes, ...subtreeNodes] };
}

interface Step {
  /** A dirty node, or undefined when a directory has been left. */
  readonly node: DirtyNode | undefined;
  readonly path: PathBytes;
}

interface Level {
  readonly node: DirtyNode;
  readonly path: PathBytes;
  readonly keys: readonly string[];
  next: number;
}

/** The dirty nodes in byte order of their paths, where the content of `a` (`a/...`) comes behind `a.b`. */
function* walk(root: DirtyNode): Generator<Step, void, void> {
  if (root.has(NODE.dirty)) yield { node: root, path: ROOT_PATH };
  const levels = [levelOf(root, ROOT_PATH)];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const key = level.keys[level.next++];
    if (key === undefined || level.node.has(NODE.dropped)) {
      levels.pop();
      if (level.keys.length > 0) yield { node: undefined, path: level.path };
      continue;
    }
    const isContent = key.endsWith('/');
    const name = (isContent ? key.slice(0, -1) : key) as PathBytes;
    const node = level.node.children?.get(name);
    if (node === undefined) continue;
    const path = joinPath(level.path, name);
    if (isContent) levels.push(levelOf(node, path));
    else if (node.has(NODE.dirty)) yield { node, path };
  }
}

function levelOf(node: DirtyNode, path: PathBytes): Level {
  const keys: string[] = [];
  const absorbs =
    node.has(NODE.dirty) && (node.has(NODE.rescan) || (node.has(HINT.deleted) && node.has(HINT.isDirectory)));
  if (!absorbs && node.children !== undefined) {
    for (const [name, child] of node.children) {
      if (child.has(NODE.dirty)) keys.push(name);
      if (child.children !== undefined) keys.push(`${name}/`);
    }
  }
  return { node, path, keys: keys.sort(), next: 0 };
}
