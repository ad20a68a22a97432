import { HINT } from '../model/event-batch.ts';
import type { DirtyNode } from './dirty-node.ts';
import { NODE, isContentInDoubt } from './dirty-node.ts';
import type { DirtyTree } from './dirty-tree.ts';

/**
 * Makes a tree smaller by marking directories for rescan (by content where a name in them needs it), those with the most dirty entries first, until at most
 * `maxEntries` names are dirty; where single directories do not help, their parents follow, at last the root.
 */
export function collapse(tree: DirtyTree, maxEntries: number): void {
  for (let fattest = fattestFirst(tree); fattest.length > 0; fattest = fattestFirst(tree)) {
    for (const directory of fattest) {
      if (tree.size <= maxEntries) return;
      if (!directory.has(NODE.dropped)) markForRescan(tree, directory);
    }
  }
  if (tree.size > maxEntries) markForRescan(tree, tree.root);
}

function fattestFirst(tree: DirtyTree): DirtyNode[] {
  const counted: { node: DirtyNode; dirty: number }[] = [];
  for (const node of tree.nodes()) {
    if (node === tree.root || node.children === undefined) continue;
    let dirty = 0;
    for (const child of node.children.values()) if (child.has(NODE.dirty)) dirty++;
    if (dirty > 0) counted.push({ node, dirty });
  }
  counted.sort((a, b) => b.dirty - a.dirty);
  return counted.map(({ node }) => node);
}

function markForRescan(tree: DirtyTree, directory: DirtyNode): void {
  const kept = directory.has(NODE.dirty) ? directory.state & (HINT.attrib | HINT.modified) : 0;
  const content = hasDoubtBelow(directory) ? NODE.content : 0;
  tree.removeBelow(directory);
  const flags = NODE.rescan | content | (directory.state & NODE.hinted);
  tree.mark(directory, kept | HINT.isDirectory, flags, undefined);
}

/** What was born in this window has nothing on the target that could look equal. */
function hasDoubtBelow(directory: DirtyNode): boolean {
  if (directory.has(HINT.deleted)) return true;
  const left = [directory];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (next !== directory && isContentInDoubt(next) && (!next.has(HINT.created) || next.has(NODE.hinted)))
      return true;
    if (next.children !== undefined) for (const child of next.children.values()) left.push(child);
  }
  return false;
}
