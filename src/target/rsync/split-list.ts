import { parentPath } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { ListedEntry } from './normalize-list.ts';

/** Below this, starting one more rsync costs more than it saves. */
const MIN_ENTRIES_PER_PART = 500;
/** A file of this size takes about as long as one more name. */
const BYTES_PER_ENTRY = 64 * 1024;

/**
 * Divides a list among at most `maxParts` rsync runs that go on at the same time. A listed directory and all that is
 * listed below it stay together, and so do the names of one directory: no run makes, deletes or changes the type of an
 * ancestor of another run's names. Times of shared ancestors come right, since each run sets them after its last change.
 */
export function splitList(entries: readonly ListedEntry[], maxParts: number): (readonly ListedEntry[])[] {
  const partCount = Math.min(maxParts, Math.floor(entries.length / MIN_ENTRIES_PER_PART));
  if (partCount <= 1) return entries.length === 0 ? [] : [entries];
  const units = groupByBorder(entries);
  const parts = Array.from({ length: partCount }, () => ({ entries: [] as ListedEntry[], weight: 0 }));
  const heavyFirst = [...units.values()]
    .map((unit) => ({ unit, weight: weigh(unit) }))
    .sort((a, b) => b.weight - a.weight);
  for (const { unit, weight } of heavyFirst) {
    const lightest = parts.reduce((least, part) => (part.weight < least.weight ? part : least));
    for (const entry of unit) lightest.entries.push(entry);
    lightest.weight += weight;
  }
  return parts.map((part) => part.entries).filter((part) => part.length > 0);
}

function groupByBorder(entries: readonly ListedEntry[]): Map<PathBytes, ListedEntry[]> {
  const listed = new Set(entries.map(({ path }) => path));
  const tops = new Map<PathBytes, PathBytes | undefined>([['' as PathBytes, undefined]]);
  /** The topmost listed name among a path and its ancestors. */
  const topOf = (path: PathBytes): PathBytes | undefined => {
    if (!tops.has(path)) tops.set(path, topOf(parentPath(path)) ?? (listed.has(path) ? path : undefined));
    return tops.get(path);
  };
  const units = new Map<PathBytes, ListedEntry[]>();
  for (const entry of entries) {
    const parent = parentPath(entry.path);
    const border = topOf(parent) ?? (entry.kind === 'directory' ? entry.path : parent);
    const unit = units.get(border);
    if (unit) unit.push(entry);
    else units.set(border, [entry]);
  }
  return units;
}

function weigh(unit: readonly ListedEntry[]): number {
  return unit.reduce((sum, { bytes }) => sum + 1 + bytes / BYTES_PER_ENTRY, 0);
}
