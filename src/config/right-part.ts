import type { ConfigPath } from './config-document.ts';
import { configSchema, type ReadConfig, type ReadTarget } from './schema.ts';

/** A configuration without what is wrong in it. Syncs and targets keep their indexes: what is left out is undefined. */
export type RightConfig = Omit<ReadConfig, 'syncs'> & { readonly syncs: readonly (RightSync | undefined)[] };
export type RightSync = Omit<ReadConfig['syncs'][number], 'targets'> & {
  readonly targets: readonly (ReadTarget | undefined)[];
};

type Fields = Readonly<Record<string, unknown>>;

/** What is left of `value` without what is wrong at these paths; undefined where that is no configuration. */
export function rightPart(value: unknown, wrong: readonly ConfigPath[]): RightConfig | undefined {
  const left = without(value, [], new Set(wrong.map((path) => JSON.stringify(leftOut(path))))) as
    (Fields & { readonly syncs?: unknown }) | undefined;
  if (left === undefined || !Array.isArray(left.syncs)) return undefined;
  const syncs = left.syncs.map((sync: Fields | undefined) => {
    const targets = (sync?.targets ?? []) as readonly unknown[];
    return targets.some((target) => target !== undefined) ? { ...sync, targets } : undefined;
  });
  const isThere = <T>(one: T | undefined): one is T => one !== undefined;
  const dense = syncs.filter(isThere).map((sync) => ({ ...sync, targets: sync.targets.filter(isThere) }));
  const read = configSchema.safeParse({ ...left, syncs: dense });
  if (!read.success) return undefined;
  const readSyncs = read.data.syncs.values();
  return {
    ...read.data,
    syncs: inTheirPlaces(syncs, () => readSyncs.next().value).map((sync, index) => {
      if (sync === undefined) return undefined;
      const targets = sync.targets.values();
      return { ...sync, targets: inTheirPlaces(syncs[index]?.targets ?? [], () => targets.next().value) };
    }),
  };
}

function inTheirPlaces<T>(before: readonly unknown[], next: () => T | undefined): readonly (T | undefined)[] {
  return before.map((one) => (one === undefined ? undefined : next()));
}

/** Keys without which a target or a sync is none. */
const REQUIRED: ReadonlySet<unknown> = new Set([
  undefined,
  'kind',
  'target',
  'host',
  'directory',
  'source',
  'targets',
  'syncs',
]);

/** What goes with the value at `path`: its option, or all of the target or sync that is none without it. */
function leftOut(path: ConfigPath): ConfigPath {
  const depth = depthOfOptions(path);
  if (REQUIRED.has(path[depth])) return path.slice(0, depth);
  return path.slice(0, typeof path[depth + 1] === 'string' ? depth + 2 : depth + 1);
}

/** How many parts of `path` say whose option it is. */
function depthOfOptions([first, index, key, targetIndex]: ConfigPath): number {
  if (first === 'defaults') return 1;
  if (first !== 'syncs' || index === undefined) return 0;
  return key === 'targets' && targetIndex !== undefined ? 4 : 2;
}

function without(value: unknown, path: ConfigPath, cut: ReadonlySet<string>): unknown {
  if (cut.has(JSON.stringify(path))) return undefined;
  if (Array.isArray(value)) return value.map((one, index) => without(one, [...path, index], cut));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]): [string, unknown][] => {
      const left = without(one, [...path, key], cut);
      return left === undefined ? [] : [[key, left]];
    }),
  );
}
