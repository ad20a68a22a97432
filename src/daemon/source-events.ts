import { from, type Observable, share, tap } from 'rxjs';
import type { NativeAddon, NativeFilter } from '../addon/addon.ts';
import type { FilterRules } from '../filter/filter-rules.ts';
import type { EventBatch } from '../model/event-batch.ts';
import { type PathBytes, pathToBuffer } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { select } from '../pipeline/select.ts';
import { nestedBatches$, type NestedTree } from '../watch/nested-batches.ts';
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

/** One source on the watch that it shares with others. */
export interface OpenSource {
  readonly events: SourceEvents;
  /** All on the same watch, this one included. */
  readonly company: ReadonlySet<OpenSource>;
  /** The watch is of the very tree of this source, not of one around it. */
  readonly isWhole: boolean;
  /** How many directories its watch covers now. */
  directories(): number;
  /** The events of the same tree as another source sees them, whose rules show nothing that these hide. */
  derive(source: WatchedSource): OpenSource;
  /** With the last source the watch ends. Idempotent. */
  release(): void;
}

/**
 * Starts to watch all sources, with as few watches as there can be: one inside another shares its watch. A source that
 * cannot be watched fails alone (SOURCE, WATCH_LIMIT or WATCH).
 */
export function openSources<T extends WatchedSource>(
  addon: NativeAddon,
  sources: readonly T[],
): ReadonlyMap<T, OpenSource | SynclineError> {
  const opened = new Map<T, OpenSource | SynclineError>();
  let waiting = sources;
  while (waiting.length > 0) {
    const next: T[] = [];
    for (const plan of planWatches(waiting)) {
      try {
        for (const [source, open] of openPlanned(addon, plan)) opened.set(source, open);
      } catch (error) {
        if (!(error instanceof SynclineError)) throw error;
        for (const source of [plan.root, ...plan.same]) opened.set(source, error);
        next.push(...plan.nested.map(({ root }) => root));
      }
    }
    waiting = next;
  }
  return opened;
}

function openPlanned<T extends WatchedSource>(
  addon: NativeAddon,
  { root, same, nested }: PlannedWatch<T>,
): ReadonlyMap<T, OpenSource> {
  const all = [root, ...same, ...nested.map((one) => one.root)];
  const filters = new Map(all.map((one) => [one, filterOf(one)]));
  const trees = [
    ...same.map((one) => tree('' as PathBytes, filters.get(one))),
    ...nested.map((one) => tree(one.tree.place, filters.get(one.root))),
  ];
  const filter = filters.get(root);
  const watch = openWatch(addon, { root: pathToBuffer(root.path), trees, ...(filter ? { filter } : {}) });
  const company = new Set<OpenSource>();
  const opened = new Map<T, OpenSource>();
  opened.set(root, new SharedWatch(watch, company, root, { isTold: true }));
  for (const source of same) opened.set(source, new SharedWatch(watch, company, source, {}));
  for (const { root: source, tree: inside } of nested)
    opened.set(source, new SharedWatch(watch, company, source, { inside }));
  return opened;
}

interface Part {
  /** The tree around which the watch is; undefined: it is the tree itself. */
  readonly inside?: NestedTree;
  /** It tells what becomes of the watch, of those that have it as a whole. */
  readonly isTold?: boolean;
}

class SharedWatch implements OpenSource {
  readonly events: SourceEvents;
  readonly company: Set<OpenSource>;
  readonly #watch: Watch;
  readonly #part: Part;

  constructor(watch: Watch, company: Set<OpenSource>, source: WatchedSource, part: Part) {
    this.#watch = watch;
    this.company = company;
    this.#part = part;
    company.add(this);
    const batches$ = batchesOf(watch, source, part).pipe(select(selectBatch(filterOf(source))), share());
    this.events = { batches$, barrier: () => from(watch.barrier()) };
  }

  get isWhole(): boolean {
    return this.#part.inside === undefined;
  }

  directories(): number {
    return this.#watch.stats().directories;
  }

  derive(source: WatchedSource): OpenSource {
    return new SharedWatch(this.#watch, this.company, source, this.#part);
  }

  release(): void {
    if (this.company.delete(this) && this.company.size === 0) this.#watch.close();
  }
}

function batchesOf(
  watch: Watch,
  { seeWatch, seeNested }: WatchedSource,
  { inside, isTold = false }: Part,
): Observable<EventBatch> {
  if (inside !== undefined) return nestedBatches$(watch.batches$, inside).pipe(tap(seeNested));
  return isTold ? watch.batches$.pipe(tap(seeWatch)) : watch.batches$;
}

function filterOf({ path, rules }: WatchedSource): NativeFilter | undefined {
  return rules.compile(pathToBuffer(path));
}

function tree(directory: PathBytes, filter: NativeFilter | undefined) {
  return { directory: pathToBuffer(directory), ...(filter ? { filter } : {}) };
}
