/** A file system in memory, as simple as can be: what the source and the target of the property test are. */
export interface ModelFile {
  readonly kind: 'file';
  content: number;
  mode: number;
}
export interface ModelDirectory {
  readonly kind: 'directory';
  readonly entries: Map<string, ModelNode>;
  mode: number;
}
export type ModelNode = ModelFile | ModelDirectory;

export const file = (content: number): ModelFile => ({ kind: 'file', content, mode: 0 });
export const directory = (): ModelDirectory => ({ kind: 'directory', entries: new Map(), mode: 0 });

export const partsOf = (path: string): string[] => (path === '' ? [] : path.split('/'));
export const parentOf = (path: string): string => path.split('/').slice(0, -1).join('/');
export const nameOf = (path: string): string => path.split('/').at(-1) ?? '';
export const join = (parent: string, name: string): string => (parent === '' ? name : `${parent}/${name}`);

export function lookUp(root: ModelDirectory, path: string): ModelNode | undefined {
  let node: ModelNode | undefined = root;
  for (const name of partsOf(path)) node = node?.kind === 'directory' ? node.entries.get(name) : undefined;
  return node;
}

export function directoryAt(root: ModelDirectory, path: string): ModelDirectory | undefined {
  const node = lookUp(root, path);
  return node?.kind === 'directory' ? node : undefined;
}

export function copyTree(node: ModelDirectory): ModelDirectory {
  const copy: ModelDirectory = { kind: 'directory', entries: new Map(), mode: node.mode };
  for (const [name, child] of node.entries)
    copy.entries.set(name, child.kind === 'file' ? { ...child } : copyTree(child));
  return copy;
}

/** One line an entry, sorted: what two equal trees have in common. */
export function listTree(node: ModelDirectory, path = ''): string[] {
  return [...node.entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, child]) =>
      child.kind === 'file'
        ? [`${join(path, name)} = ${child.content} mode ${child.mode}`]
        : [`${join(path, name)}/ mode ${child.mode}`, ...listTree(child, join(path, name))],
    );
}
