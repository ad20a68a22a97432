import { from, type Observable, share, tap } from 'rxjs';
import type { NativeAddon, NativeFilter } from '../addon/addon.ts';
import type { FilterRules } from '../filter/filter-rules.ts';
import type { EventBatch } from '../model/event-batch.ts';
import { type PathBytes, pathToBuffer } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { select } from '../pipeline/select.ts';
import { nestedBatches$ } from '../watch/nested-batches.ts';
import { openWatch, type Watch } from '../watch/open-watch.ts';
import { type PlannedWatch, planWatches } from '../watch/watch-plan.ts';
import { selectBatch } from './select-batch.ts';

/** What happens in one source, for all its targets. */
export interface SourceEvents {
  /**
   * What happens in the tree, filtered once for all. Nothing is taken from the addon before the first subscriber; all
   * that subscribe in the same turn of the event loop see everything. Completes on `close`.
   */
  readonly batches$: Observable<EventBatch>;
  /** Emits once everything that happened before the call has come through `batches$` to every subscriber. */
  readonly barrier: () => Observable<unknown>;
}

/** A source to watch. */
export interface WatchedSource {
  /** Absolute. */
  readonly path: PathBytes;
  readonly rules: FilterRules;
  /** Gets every batch of a watch of its own before the filter. */
  readonly seeWatch: (batch: EventBatch) => void;
  /** Gets every batch, before the filter, of what shares the watch of a source around it. */
  readonly seeNested: (batch: EventBatch) => void;
}

export interface OpenSources<T> {
  /** For each source that could be watched. */
  readonly events: ReadonlyMap<T, SourceEvents>;
  readonly failed: ReadonlyMap<T, SynclineError>;
  /** How many directories are watched now. */
  readonly directories: () => number;
  /** Ends all watches. */
  close(): void;
}

/**
 * Starts to watch all sources, with as few watches as there can be: one inside another shares its watch. A source that
 * cannot be watched fails alone (SOURCE, WATCH_LIMIT or WATCH).
 */
export function openSources<T extends WatchedSource>(
  addon: NativeAddon,
  sources: readonly T[],
): OpenSources<T> {
  const events = new Map<T, SourceEvents>();
  const failed = new Map<T, SynclineError>();
  const watches: Watch[] = [];
  let waiting = sources;
  while (waiting.length > 0) {
    const next: T[] = [];
    for (const plan of planWatches(waiting)) {
      try {
        watches.push(openPlanned(addon, plan, events));
      } catch (error) {
        if (!(error instanceof SynclineError)) throw error;
        for (const source of [plan.root, ...plan.same]) failed.set(source, error);
        next.push(...plan.nested.map(({ root }) => root));
      }
    }
    waiting = next;
  }
  return {
    events,
    failed,
    directories: () => watches.reduce((sum, watch) => sum + watch.stats().directories, 0),
    close: () => {
      for (const watch of watches) watch.close();
    },
  };
}

function openPlanned<T extends WatchedSource>(
  addon: NativeAddon,
  { root, same, nested }: PlannedWatch<T>,
  events: Map<T, SourceEvents>,
): Watch {
  const filters = new Map(
    [root, ...same, ...nested.map((one) => one.root)].map((one) => [one, filterOf(one)]),
  );
  const trees = [
    ...same.map((one) => tree('' as PathBytes, filters.get(one))),
    ...nested.map((one) => tree(one.tree.place, filters.get(one.root))),
  ];
  const filter = filters.get(root);
  const watch = openWatch(addon, { root: pathToBuffer(root.path), trees, ...(filter ? { filter } : {}) });
  const add = (source: T, batches$: Observable<EventBatch>): void => {
    const selected$ = batches$.pipe(select(selectBatch(filters.get(source))), share());
    events.set(source, { batches$: selected$, barrier: () => from(watch.barrier()) });
  };
  add(root, watch.batches$.pipe(tap(root.seeWatch)));
  for (const source of same) add(source, watch.batches$);
  for (const { root: source, tree: inside } of nested)
    add(source, nestedBatches$(watch.batches$, inside).pipe(tap(source.seeNested)));
  return watch;
}

function filterOf({ path, rules }: WatchedSource): NativeFilter | undefined {
  return rules.compile(pathToBuffer(path));
}

function tree(directory: PathBytes, filter: NativeFilter | undefined) {
  return { directory: pathToBuffer(directory), ...(filter ? { filter } : {}) };
}
