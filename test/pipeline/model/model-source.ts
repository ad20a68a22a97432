import type { WatchEvent } from '../../../src/model/event-batch.ts';
import { HINT } from '../../../src/model/event-batch.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import type { ModelDirectory, ModelNode } from './model-tree.ts';
import {
  copyTree,
  directory,
  directoryAt,
  file,
  join,
  lookUp,
  nameOf,
  parentOf,
  partsOf,
} from './model-tree.ts';

export const OPERATIONS = [
  'write',
  'write',
  'openWrite',
  'close',
  'unlink',
  'removeTree',
  'makeDirectories',
  'makeFilled',
  'rename',
  'rename',
  'rename',
  'exchange',
  'moveOut',
  'moveIn',
  'changeMode',
  'recreate',
  'overflow',
  'saveByRename',
] as const;
export type OperationName = (typeof OPERATIONS)[number];

const NAMES = ['a', 'b', 'c'];
const MAKES: ReadonlySet<OperationName> = new Set([
  'write',
  'openWrite',
  'makeDirectories',
  'makeFilled',
  'moveIn',
  'saveByRename',
]);

function pick(paths: readonly string[], choice: number): string {
  return paths[choice % Math.max(1, paths.length)] ?? '';
}

function listPaths(node: ModelDirectory, path = ''): string[] {
  return [...node.entries].flatMap(([name, child]) => [
    join(path, name),
    ...(child.kind === 'directory' ? listPaths(child, join(path, name)) : []),
  ]);
}

/** A source tree on which operations act, and the records a watcher would make of them, in order. */
export class ModelSource {
  readonly root: ModelDirectory = directory();
  /** Records not yet taken by the watch. */
  readonly records: WatchEvent[] = [];
  readonly log: string[] = [];
  #version = 1;
  readonly #open = new Set<ModelNode>();

  /** Does the operation on the names that the numbers choose, if it is possible now; `detail` varies it. */
  operate(name: OperationName, pathChoice: number, otherChoice: number, detail: number): void {
    const existing = listPaths(this.root);
    const places = ['', ...existing.filter((at) => directoryAt(this.root, at) !== undefined)]
      .filter((at) => partsOf(at).length < 4)
      .flatMap((at) => NAMES.map((entry) => join(at, entry)));
    const path = pick(MAKES.has(name) ? places : existing, pathChoice);
    const other = pick(name === 'exchange' ? existing : places, otherChoice);
    this.log.push(`${name} ${path} ${other} ${detail}`);
    switch (name) {
      case 'write':
        this.#write(path, true);
        break;
      case 'openWrite':
        this.#write(path, false);
        break;
      case 'close':
        this.#close(path);
        break;
      case 'unlink':
        if (lookUp(this.root, path)?.kind === 'file') this.#remove(path);
        break;
      case 'removeTree':
        this.#removeTree(path);
        break;
      case 'makeDirectories':
        this.#makeDirectories(join(path, 'c'));
        break;
      case 'makeFilled':
        this.#makeFilled(path, detail);
        break;
      case 'rename':
        this.#rename(path, other);
        break;
      case 'exchange':
        this.#exchange(path, other);
        break;
      case 'moveOut':
        this.#moveOut(path);
        break;
      case 'moveIn':
        this.#moveIn(path, detail);
        break;
      case 'changeMode': {
        const node = path === '' ? undefined : lookUp(this.root, path);
        if (node !== undefined) {
          node.mode = this.#version++;
          this.#changed(path, HINT.attrib);
        }
        break;
      }
      case 'recreate':
        this.#removeTree(path);
        this.#makeDirectories(path);
        break;
      case 'overflow':
        if (directoryAt(this.root, path) !== undefined)
          this.records.push({ kind: 'rescan', directory: path as PathBytes, reason: 'collapsed' });
        break;
      case 'saveByRename':
        this.#write(join(parentOf(path), 'tmp'), true);
        this.#rename(join(parentOf(path), 'tmp'), path);
        break;
    }
  }

  #changed(path: string, hints: number, node = lookUp(this.root, path)): void {
    this.records.push({
      kind: 'changed',
      directory: parentOf(path) as PathBytes,
      name: nameOf(path) as PathBytes,
      hints: hints | (node?.kind === 'directory' ? HINT.isDirectory : 0),
    });
  }

  #write(path: string, closes: boolean): void {
    const parent = directoryAt(this.root, parentOf(path));
    const known = parent?.entries.get(nameOf(path));
    if (parent === undefined || known?.kind === 'directory') return;
    const node = known ?? file(0);
    node.content = this.#version++;
    if (known === undefined) {
      parent.entries.set(nameOf(path), node);
      this.#changed(path, HINT.created);
    }
    this.#changed(path, HINT.modified);
    if (closes) this.#changed(path, HINT.closed);
    else this.#open.add(node);
  }

  #close(path: string): void {
    const node = lookUp(this.root, path);
    if (node !== undefined && this.#open.delete(node)) this.#changed(path, HINT.closed);
  }

  #remove(path: string): void {
    const node = lookUp(this.root, path);
    directoryAt(this.root, parentOf(path))?.entries.delete(nameOf(path));
    this.#changed(path, HINT.deleted, node);
  }

  #removeTree(path: string): void {
    const top = path === '' ? undefined : directoryAt(this.root, path);
    if (top === undefined) return;
    for (const [name, child] of [...top.entries])
      if (child.kind === 'directory') this.#removeTree(join(path, name));
      else this.#remove(join(path, name));
    this.#remove(path);
  }

  #makeDirectories(path: string): void {
    let at = '';
    for (const name of partsOf(path)) {
      const parent = directoryAt(this.root, at);
      at = join(at, name);
      if (parent === undefined) return;
      if (parent.entries.has(name)) continue;
      parent.entries.set(name, directory());
      this.#changed(at, HINT.created);
    }
  }

  /** A directory that was filled before its watch was set: its content is found by listing. */
  #makeFilled(path: string, detail: number): void {
    const parent = directoryAt(this.root, parentOf(path));
    if (path === '' || parent === undefined || parent.entries.has(nameOf(path))) return;
    const filled = this.#filled(detail);
    parent.entries.set(nameOf(path), filled);
    this.#changed(path, HINT.created);
    this.#list(path, filled);
  }

  #list(path: string, node: ModelDirectory): void {
    for (const [name, child] of node.entries) {
      this.#changed(join(path, name), HINT.listed);
      if (child.kind === 'directory') this.#list(join(path, name), child);
    }
  }

  #filled(detail: number): ModelDirectory {
    const node = directory();
    if (detail & 1) node.entries.set('a', file(this.#version++));
    if (detail & 2) node.entries.set('b', file(this.#version++));
    if (detail & 4) node.entries.set('c', this.#filled(detail >> 3));
    return node;
  }

  #rename(from: string, to: string): void {
    const node = lookUp(this.root, from);
    const fromParent = directoryAt(this.root, parentOf(from));
    const toParent = directoryAt(this.root, parentOf(to));
    const replaced = lookUp(this.root, to);
    if (node === undefined || fromParent === undefined || toParent === undefined || from === '' || to === '')
      return;
    if (from === to || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return;
    if (replaced !== undefined && replaced.kind !== node.kind) return;
    if (replaced?.kind === 'directory' && replaced.entries.size > 0) return;
    fromParent.entries.delete(nameOf(from));
    toParent.entries.set(nameOf(to), node);
    this.#moved(from, to, node);
  }

  #exchange(a: string, b: string): void {
    const nodeA = lookUp(this.root, a);
    const nodeB = lookUp(this.root, b);
    if (nodeA === undefined || nodeB === undefined || a === '' || b === '') return;
    if (a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)) return;
    directoryAt(this.root, parentOf(a))?.entries.set(nameOf(a), nodeB);
    directoryAt(this.root, parentOf(b))?.entries.set(nameOf(b), nodeA);
    this.#moved(a, b, nodeA);
    this.#moved(b, a, nodeB);
  }

  #moved(from: string, to: string, node: ModelNode): void {
    this.records.push({
      kind: 'moved',
      fromDirectory: parentOf(from) as PathBytes,
      fromName: nameOf(from) as PathBytes,
      toDirectory: parentOf(to) as PathBytes,
      toName: nameOf(to) as PathBytes,
      isDirectory: node.kind === 'directory',
    });
  }

  #moveOut(path: string): void {
    if (path !== '' && lookUp(this.root, path) !== undefined) this.#remove(path);
  }

  #moveIn(path: string, detail: number): void {
    const parent = directoryAt(this.root, parentOf(path));
    const replaced = lookUp(this.root, path);
    if (path === '' || parent === undefined || replaced?.kind === 'directory') return;
    if ((detail & 1) === 0) {
      parent.entries.set(nameOf(path), file(this.#version++));
      this.#changed(path, HINT.modified | HINT.closed);
    } else if (replaced === undefined) {
      parent.entries.set(nameOf(path), copyTree(this.#filled(detail >> 1)));
      if (detail & 2) this.#changed(path, HINT.created);
      this.records.push({ kind: 'rescan', directory: path as PathBytes, reason: 'movedIn' });
    }
  }
}

/** Merges `changed` records of one name as the hand-over does, at the place of the first; a move or a rescan ends it. */
export function mergeRecords(records: readonly WatchEvent[]): WatchEvent[] {
  const merged: WatchEvent[] = [];
  let places = new Map<string, number>();
  for (const record of records) {
    if (record.kind !== 'changed') {
      places = new Map();
      merged.push(record);
      continue;
    }
    const key = join(record.directory, record.name);
    const place = places.get(key);
    const known = place === undefined ? undefined : merged[place];
    if (place === undefined || known?.kind !== 'changed') {
      places.set(key, merged.length);
      merged.push(record);
      continue;
    }
    merged[place] = { ...record, hints: mergedHints(known.hints, record.hints) };
  }
  return merged;
}

function mergedHints(older: number, newer: number): number {
  const madeAnew = (older & HINT.deleted) !== 0 && (newer & HINT.deleted) === 0;
  const firstIsCreated = older & HINT.created;
  let hints =
    ((older | newer) & (HINT.modified | HINT.attrib | HINT.listed)) |
    (newer & (HINT.deleted | HINT.isDirectory));
  hints |= firstIsCreated;
  if (madeAnew && firstIsCreated === 0) hints |= HINT.modified;
  const closed =
    (newer & HINT.closed) !== 0 || ((newer & HINT.modified) === 0 && (older & HINT.closed) !== 0);
  return closed ? hints | HINT.closed : hints;
}
