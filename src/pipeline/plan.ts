import type { BatchEntry, DeletedName, Move } from '../model/batch.ts';
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
  readonly contentSubtrees: readonly PathBytes[];
  readonly deletedNames?: readonly DeletedName[];
  /** What is to be forgotten once this is delivered. */
  readonly nodes: readonly DirtyNode[];
}

/** A chunk this full ends at the next border of a directory rather than in the middle of one. */
const NEARLY_FULL = 0.8;

/**
 * Lays out a flight as chunks of at most `maxEntries` entries: first the moves with the single names, sorted by path in
 * byte order from chunk to chunk, then the subtrees. A subtree has an entry in its chunk too (but for the root), for the
 * name may have ceased to be a directory; a deleted directory is a subtree too, for it may exist again. Lazy: names taken out of the flight meanwhile are left out. Never yields an empty chunk.
 */
export function* plan(flight: Flight, maxEntries: number): Generator<Chunk, void, void> {
  let moves = flight.moves;
  let single: Step[] = [];
  const subtrees: Step[] = [];
  for (const step of walk(flight.tree.root)) {
    if (step.node !== undefined) (comparesBelow(step) === undefined ? single : subtrees).push(step);
    const isFull = single.length >= (step.node === undefined ? maxEntries * NEARLY_FULL : maxEntries);
    if (!isFull || single.length === 0) continue;
    yield chunkOf(moves, single);
    [moves, single] = [[], []];
  }
  const rest = single.concat(subtrees).sort((a, b) => (a.path < b.path ? -1 : 1));
  for (let at = 0; at < rest.length || moves.length > 0; at += maxEntries) {
    yield chunkOf(moves, rest.slice(at, at + maxEntries));
    moves = [];
  }
}

function chunkOf(moves: readonly Move[], steps: readonly Step[]): Chunk {
  const entries: BatchEntry[] = [];
  const subtrees: PathBytes[] = [];
  const contentSubtrees: PathBytes[] = [];
  const deletedNames: DeletedName[] = [];
  const nodes: DirtyNode[] = [];
  for (const step of steps) {
    const { node, path } = step;
    if (node === undefined || node.has(NODE.dropped)) continue;
    nodes.push(node);
    const compares = comparesBelow(step);
    if (compares === 'content') contentSubtrees.push(path);
    else if (compares === 'quickly') subtrees.push(path);
    if (path !== ROOT_PATH || compares === undefined) entries.push({ path, hints: node.state & HINT_MASK });
    for (const below of node.deletedNames ?? [])
      deletedNames.push({ ...below, path: joinPath(path, below.path) });
  }
  const deleted = deletedNames.length === 0 ? {} : { deletedNames };
  return { moves, entries, subtrees, contentSubtrees, ...deleted, nodes };
}

/** A directory marked for rescan, or a deleted one: it may have been made anew by the time it is looked at. */
function comparesBelow({ node, isCovered }: Step): 'content' | 'quickly' | undefined {
  if (node === undefined) return undefined;
  if (node.has(NODE.content)) return 'content';
  return isCovered || !(node.has(NODE.rescan) || isDeletedDirectory(node)) ? undefined : 'quickly';
}

function isDeletedDirectory(node: DirtyNode): boolean {
  return node.has(NODE.dirty) && node.has(HINT.deleted) && node.has(HINT.isDirectory);
}

interface Step {
  /** A dirty node, or undefined when a directory has been left. */
  readonly node: DirtyNode | undefined;
  readonly path: PathBytes;
  /** It is below a directory marked for rescan. */
  readonly isCovered: boolean;
}

interface Level {
  readonly node: DirtyNode;
  /** The node or one above it is marked for rescan. */
  readonly covers: boolean;
  readonly path: PathBytes;
  readonly keys: readonly string[];
  next: number;
}

/** The dirty nodes in byte order of their paths, where the content of `a` (`a/...`) comes behind `a.b`. */
function* walk(root: DirtyNode): Generator<Step, void, void> {
  if (root.has(NODE.dirty)) yield { node: root, path: ROOT_PATH, isCovered: false };
  const levels = [levelOf(root, ROOT_PATH, false)];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const key = level.keys[level.next++];
    if (key === undefined || level.node.has(NODE.dropped)) {
      levels.pop();
      if (level.keys.length > 0) yield { node: undefined, path: level.path, isCovered: false };
      continue;
    }
    const isContent = key.endsWith('/');
    const name = (isContent ? key.slice(0, -1) : key) as PathBytes;
    const node = level.node.children?.get(name);
    if (node === undefined) continue;
    const path = joinPath(level.path, name);
    if (isContent) levels.push(levelOf(node, path, level.covers));
    else if (node.has(NODE.dirty)) yield { node, path, isCovered: level.covers };
  }
}

function levelOf(node: DirtyNode, path: PathBytes, isCovered: boolean): Level {
  const keys: string[] = [];
  if (!isDeletedDirectory(node) && node.children !== undefined) {
    for (const [name, child] of node.children) {
      if (child.has(NODE.dirty)) keys.push(name);
      if (child.children !== undefined) keys.push(`${name}/`);
    }
  }
  return { node, path, covers: isCovered || node.has(NODE.rescan), keys: keys.sort(), next: 0 };
}
