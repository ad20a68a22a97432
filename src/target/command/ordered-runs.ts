import { isBelow } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';

export interface OrderedRuns<T> {
  readonly maxRunning: number;
  /** The paths that an item is about. */
  readonly pathsOf: (item: T) => readonly PathBytes[];
  /** False: no further item is to be begun. */
  readonly run: (item: T) => Promise<boolean>;
}

/**
 * Runs all items, at most `maxRunning` at a time. An item is begun after all before it have begun, and after those before it
 * that are about the same path, or one above or below, have ended. Resolves when none runs any more, rejects as `run` does.
 */
export async function runInOrder<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { maxRunning, pathsOf, run }: OrderedRuns<T>,
): Promise<void> {
  const underWay = new Map<Promise<void>, readonly PathBytes[]>();
  const ending: { isDue: boolean; trouble?: { readonly error: unknown } } = { isDue: false };
  for await (const item of items) {
    const paths = pathsOf(item);
    for (let before = related(underWay, paths); before; before = related(underWay, paths)) await before;
    while (underWay.size >= maxRunning) await Promise.race(underWay.keys());
    if (ending.isDue) break;
    const running: Promise<void> = run(item)
      .then((goesOn) => {
        ending.isDue ||= !goesOn;
      })
      .catch((error: unknown) => {
        ending.isDue = true;
        ending.trouble ??= { error };
      })
      .finally(() => underWay.delete(running));
    underWay.set(running, paths);
  }
  await Promise.all(underWay.keys());
  if (ending.trouble !== undefined) throw ending.trouble.error;
}

/** One of those under way that these paths have to wait for. */
function related(
  underWay: ReadonlyMap<Promise<void>, readonly PathBytes[]>,
  paths: readonly PathBytes[],
): Promise<void> | undefined {
  for (const [running, others] of underWay)
    if (others.some((other) => paths.some((path) => isRelated(path, other)))) return running;
  return undefined;
}

function isRelated(path: PathBytes, other: PathBytes): boolean {
  return path === other || isBelow(path, other) || isBelow(other, path);
}
