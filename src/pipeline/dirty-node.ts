import type { DeletedName } from '../model/batch.ts';
import { HINT } from '../model/event-batch.ts';
import type { PathBytes } from '../model/path-bytes.ts';

/** Bits of {@link DirtyNode.state} above the hint bits. */
export const NODE = {
  /** The name is to be brought up to date; without it the node is only on the way to one that is. */
  dirty: 1 << 8,
  /**
   * Anything below may differ as well, in a way that size and time of files tell. Names below whose content may differ
   * without that stay in the tree. Implies `dirty`.
   */
  rescan: 1 << 9,
  /** A directory whose content on the target relies on a move hint not yet delivered. */
  moved: 1 << 10,
  /** A move hint led to this name or below it, so the target may have something here even if it was born and is gone. */
  hinted: 1 << 11,
  /** With `rescan`: files below may differ though size and time are equal. Such a node has no children. */
  content: 1 << 13,
  /** No longer part of a tree: a cached reference to it is stale. */
  dropped: 1 << 12,
} as const;

export const HINT_MASK = 0x7f;

/** When a file that may still be being written was first and last written to; ms of the scheduler's clock. */
export interface Writing {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** One name in a {@link DirtyTree}. Kept small: a backlog of a million names is a million of these. */
export class DirtyNode {
  state = 0;
  children: Map<PathBytes, DirtyNode> | undefined = undefined;
  writing: Writing | undefined = undefined;
  /** What was seen to be deleted in it before it was deleted, made anew or marked for rescan; paths relative to it. */
  deletedNames: readonly DeletedName[] | undefined = undefined;

  constructor(
    public name: PathBytes,
    public parent: DirtyNode | undefined,
  ) {}

  has(bits: number): boolean {
    return (this.state & bits) !== 0;
  }
}

/**
 * What is known of a name after `older` and then `newer` were seen of it (bits of `HINT`): `created` stays from the
 * first, `deleted` and `isDirectory` come from the last, and what was deleted and made anew has new content.
 */
export function mergeHints(older: number, newer: number): number {
  const bothWays = HINT.modified | HINT.attrib | HINT.listed;
  let merged =
    ((older | newer) & bothWays) | (older & HINT.created) | (newer & (HINT.deleted | HINT.isDirectory));
  const madeAnew = isMadeAnew(older, newer);
  if (madeAnew) merged |= HINT.modified;
  const written = (newer & HINT.modified) !== 0;
  if ((newer & HINT.closed) !== 0 || (!written && (madeAnew || (older & HINT.closed) !== 0)))
    merged |= HINT.closed;
  return merged;
}

/** True when a name that was gone by `older` is there again by `newer`. */
export function isMadeAnew(older: number, newer: number): boolean {
  return (older & HINT.deleted) !== 0 && (newer & HINT.deleted) === 0;
}

/** True for a name whose content may differ from the target's though size and time do not tell. */
export function isContentInDoubt(node: DirtyNode): boolean {
  if (!node.has(NODE.dirty)) return false;
  if (node.has(NODE.content)) return true;
  return !node.has(HINT.deleted | HINT.isDirectory) && node.has(HINT.modified | HINT.created | NODE.hinted);
}

/** True for a file that was written to and, as far as is known, not closed since. */
export function isBeingWritten(hints: number): boolean {
  return (hints & (HINT.modified | HINT.closed | HINT.deleted | HINT.isDirectory)) === HINT.modified;
}

/** True for a name that is to be deleted, whatever may have come in its place since. */
export function isDirtyAndDeleted(node: DirtyNode): boolean {
  return node.has(NODE.dirty) && node.has(HINT.deleted);
}
