import { parentPath, type PathBytes } from '../../model/path-bytes.ts';
import type { CommandEvent } from './command-event.ts';
import type { CommandEventKind } from './command-options.ts';
import { type EventPlan, toldAs, walkedKinds } from './plan-events.ts';
import type { WalkedName } from './walk-source.ts';

export interface OrderOptions {
  readonly tells: ReadonlySet<CommandEventKind>;
  /** Every name below a directory, a directory before its content. */
  readonly walk: (directory: PathBytes) => AsyncIterable<WalkedName>;
  /** A name was met. */
  readonly onWalked: () => void;
}

/**
 * All there is to tell: moves, deletions, then what is there, each name behind the directory that holds it. What is in a
 * directory to walk is looked up when its turn has come, and told once.
 */
export async function* eventsInOrder(
  plan: EventPlan,
  moves: readonly CommandEvent[],
  options: OrderOptions,
): AsyncGenerator<CommandEvent, void, void> {
  yield* moves;
  yield* plan.deletes;
  const roots = new Map(plan.walks.map(({ path, isNew }) => [path, isNew]));
  /** Names that a walk meets: behind the directories that it is the first to tell of. */
  const below = new Map<PathBytes, CommandEvent>();
  for (const event of plan.changes) {
    if (event.kind !== 'rescan' && rootAbove(event.path, roots) !== undefined) below.set(event.path, event);
    else yield event;
  }
  for (const path of roots.keys())
    if (rootAbove(path, roots) === undefined) yield* walkedEvents(path, roots, below, options);
  yield* below.values();
}

async function* walkedEvents(
  directory: PathBytes,
  roots: ReadonlyMap<PathBytes, boolean>,
  below: Map<PathBytes, CommandEvent>,
  { tells, walk, onWalked }: OrderOptions,
): AsyncGenerator<CommandEvent, void, void> {
  for await (const { path, isDirectory } of walk(directory)) {
    const isNew = roots.get(rootAbove(path, roots) ?? directory) === true;
    const planned = below.get(path);
    below.delete(path);
    const kind = toldAs(walkedKinds(isNew, isDirectory), tells);
    onWalked();
    // What is in a new directory is new, whatever was seen of it.
    if (planned !== undefined && !isNew) yield planned;
    else if (kind !== undefined) yield { kind, path, isDirectory };
  }
}

/** The nearest of these directories that holds `path`. */
export function rootAbove(path: PathBytes, roots: { has(path: PathBytes): boolean }): PathBytes | undefined {
  for (let at = path; at !== '';) {
    at = parentPath(at);
    if (roots.has(at)) return at;
  }
  return undefined;
}
