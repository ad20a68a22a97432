import { HINT } from '../model/event-batch.ts';
import type { DirtyNode } from './dirty-node.ts';
import { NODE } from './dirty-node.ts';
import type { DirtyTree } from './dirty-tree.ts';

/**
 * Makes a tree smaller by marking directories for rescan, those with the most dirty entries first, until at most
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
  tree.removeBelow(directory);
  tree.mark(directory, kept | HINT.isDirectory, NODE.rescan | (directory.state & NODE.hinted), undefined);
}
