import type { DeletedName } from '../model/batch.ts';
import { HINT } from '../model/event-batch.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { ROOT_PATH, joinPath } from '../model/path-bytes.ts';
import type { Writing } from './dirty-node.ts';
import { DirtyNode, NODE, isBeingWritten, isContentInDoubt, isDirtyAndDeleted } from './dirty-node.ts';

/**
 * A trie of names, some of them dirty, with a count and with the set of those still being written: the mechanics below
 * {@link PendingTree}, which knows what records mean. Names below a node marked for a rescan by content do not exist here.
 */
export class DirtyTree {
  readonly root = new DirtyNode(ROOT_PATH, undefined);
  /** Dirty nodes whose file may still be being written. */
  readonly writing = new Set<DirtyNode>();
  #size = 0;

  /** The number of dirty names. */
  get size(): number {
    return this.#size;
  }

  /** The node of `path`, made if need be; or the node above it that is marked for a rescan by content and so absorbs it. */
  reach(path: PathBytes): DirtyNode {
    let node = this.root;
    for (const name of path === '' ? [] : path.split('/')) {
      if (node.has(NODE.content)) return node;
      node = this.child(node, name as PathBytes);
    }
    return node;
  }

  /** The node of `path`, or undefined. */
  find(path: PathBytes): DirtyNode | undefined {
    let node: DirtyNode | undefined = this.root;
    for (const name of path === '' ? [] : path.split('/')) node = node?.children?.get(name as PathBytes);
    return node;
  }

  /** True when something above `path` is marked for rescan, or has one of other `flags`. */
  covers(path: PathBytes, flags: number = NODE.rescan): boolean {
    let node = this.root;
    for (const name of path === '' ? [] : path.split('/')) {
      if (node.has(flags)) return true;
      const next = node.children?.get(name as PathBytes);
      if (next === undefined) return false;
      node = next;
    }
    return false;
  }

  /** True when neither `path` is dirty, nor something above it to be deleted, compared or moved. */
  isSettled(path: PathBytes): boolean {
    const unsettled = NODE.rescan | NODE.moved | NODE.hinted | HINT.deleted;
    let node: DirtyNode | undefined = this.root;
    for (const name of path === '' ? [] : path.split('/')) {
      if (node.has(unsettled)) return false;
      node = node.children?.get(name as PathBytes);
      if (node === undefined) return true;
    }
    return !node.has(NODE.dirty | unsettled);
  }

  /** The node of the entry `name` of `directory`, made if need be. */
  child(directory: DirtyNode, name: PathBytes): DirtyNode {
    if (name === '') return directory;
    directory.children ??= new Map();
    let node = directory.children.get(name);
    if (node === undefined) directory.children.set(name, (node = new DirtyNode(name, directory)));
    return node;
  }

  /** Replaces the hints of a node and makes it dirty. `writing` is needed only if the hints say it is being written. */
  mark(node: DirtyNode, hints: number, flags: number, writing: Writing | undefined): void {
    if (!node.has(NODE.dirty)) this.#size++;
    node.state = hints | flags | NODE.dirty;
    node.writing = isBeingWritten(hints) && (flags & NODE.rescan) === 0 ? writing : undefined;
    if (node.writing === undefined) this.writing.delete(node);
    else this.writing.add(node);
  }

  /** The node is no longer dirty; what is below it stays. */
  clear(node: DirtyNode): void {
    if (!node.has(NODE.dirty)) return;
    this.#size--;
    node.state &= NODE.hinted | NODE.dropped;
    node.writing = undefined;
    node.deletedNames = undefined;
    this.writing.delete(node);
  }

  /** Takes the node and all below it out of the tree for good. The root is emptied instead. */
  remove(node: DirtyNode): void {
    this.removeBelow(node);
    this.clear(node);
    if (node === this.root) return;
    node.state |= NODE.dropped;
    if (node.parent?.children?.get(node.name) === node) node.parent.children.delete(node.name);
  }

  /** Takes out all below the node that a comparison by size and time is enough for. */
  removeWithoutDoubt(node: DirtyNode): void {
    if (node.children === undefined) return;
    const below: DirtyNode[] = [...node.children.values()];
    for (const next of below) if (next.children !== undefined) below.push(...next.children.values());
    for (let next = below.pop(); next !== undefined; next = below.pop()) {
      if (isContentInDoubt(next)) continue;
      if (next.children === undefined || next.children.size === 0) this.remove(next);
      else this.clear(next);
    }
    if (node.children.size === 0) node.children = undefined;
  }

  /** Takes all below the node out of the tree for good. */
  removeBelow(node: DirtyNode): void {
    if (node.children === undefined) return;
    const left = [...node.children.values()];
    node.children = undefined;
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      this.clear(next);
      next.state |= NODE.dropped;
      if (next.children !== undefined) for (const child of next.children.values()) left.push(child);
    }
  }

  /** Unhooks a node with all below it, still counted: {@link replace} or {@link remove} must follow. */
  detach(node: DirtyNode): void {
    node.parent?.children?.delete(node.name);
    node.parent = undefined;
  }

  /** Puts the detached `node` with all below it where `place` is, which is dropped: one step, whatever hangs below. */
  replace(place: DirtyNode, node: DirtyNode): void {
    node.name = place.name;
    node.parent = place.parent;
    this.remove(place);
    node.parent?.children?.set(node.name, node);
  }

  /** All nodes in the tree, parents first; the tree may be changed below the node just given. */
  *nodes(): Generator<DirtyNode> {
    const left = [this.root];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      yield next;
      if (next.children !== undefined) for (const child of next.children.values()) left.push(child);
    }
  }
}

/**
 * What was deleted below a node, by paths relative to it: names that are to be deleted still (`isNew`), and those that went
 * with directories.
 */
export function* deletedBelow(node: DirtyNode): Generator<{ name: DeletedName; isNew: boolean }> {
  const left: [DirtyNode, PathBytes][] = [[node, ROOT_PATH]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [directory, path] = next;
    for (const name of directory.deletedNames ?? [])
      yield { name: { ...name, path: joinPath(path, name.path) }, isNew: false };
    for (const child of directory.children?.values() ?? []) {
      const below = joinPath(path, child.name);
      if (isDirtyAndDeleted(child))
        yield { name: { path: below, isDirectory: child.has(HINT.isDirectory) }, isNew: true };
      left.push([child, below]);
    }
  }
}

/** True when the node or one above it is marked for rescan, or has one of other `flags`. */
export function isInRescan(node: DirtyNode, flags: number = NODE.rescan): boolean {
  for (let up: DirtyNode | undefined = node; up !== undefined; up = up.parent) if (up.has(flags)) return true;
  return false;
}

/** True when the node or one above it is to be deleted: what is there by now was made after that. */
export function isInDeleted(node: DirtyNode): boolean {
  for (let up: DirtyNode | undefined = node; up !== undefined; up = up.parent)
    if (isDirtyAndDeleted(up)) return true;
  return false;
}

/** The path of a node, by walking up. */
export function pathOfNode(node: DirtyNode): PathBytes {
  let path: string = node.name;
  for (let up = node.parent; up?.parent !== undefined; up = up.parent) path = `${up.name}/${path}`;
  return path as PathBytes;
}
