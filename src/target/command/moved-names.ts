import type { BatchEntry, Move } from '../../model/batch.ts';
import { HINT } from '../../model/event-batch.ts';
import { isBelow, type PathBytes } from '../../model/path-bytes.ts';
import type { EventPlan } from './plan-events.ts';

/** So many moves are followed; behind more of them their names are told too. */
const MAX_FOLLOWED = 1000;

/** What is marked at the old name of a move, and nothing else was seen there. */
const LEFT = HINT.modified | HINT.deleted;

/**
 * The plan without what the moves have told already: that an old name is gone, and that a new one is there. Kept is what was
 * seen of them besides, and all of which a `create` or a `delete` is due still.
 */
export function withoutMoved(
  plan: EventPlan,
  entries: readonly BatchEntry[],
  moves: readonly Move[],
  isDue: (path: PathBytes) => boolean,
): EventPlan {
  if (moves.length === 0 || moves.length > MAX_FOLLOWED) return plan;
  const places = placesAfter(moves);
  const hints = new Map(entries.map((entry) => [entry.path, entry.hints]));
  const isToldWith = (path: PathBytes, place: 'left' | 'taken', bits: number): boolean =>
    places.get(path) === place && ((hints.get(path) ?? ~0) & ~HINT.isDirectory) === bits && !isDue(path);
  const walked = new Set(plan.walks.map(({ path }) => path));
  return {
    ...plan,
    deletes: plan.deletes.filter(({ path }) => !isToldWith(path, 'left', LEFT)),
    changes: plan.changes.filter(
      ({ kind, path }) => kind === 'rescan' || walked.has(path) || !isToldWith(path, 'taken', 0),
    ),
  };
}

/** What the moves have made of the names that they name: a later one counts, and one of a directory for all below it. */
function placesAfter(moves: readonly Move[]): ReadonlyMap<PathBytes, 'left' | 'taken'> {
  const places = new Map<PathBytes, 'left' | 'taken'>();
  for (const { from, to, isDirectory } of moves) {
    if (isDirectory)
      for (const path of places.keys()) if (isBelow(path, from) || isBelow(path, to)) places.delete(path);
    places.set(from, 'left');
    places.set(to, 'taken');
  }
  return places;
}
