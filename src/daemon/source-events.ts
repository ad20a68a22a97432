import { from, type Observable, share, tap } from 'rxjs';
import type { NativeAddon } from '../addon/addon.ts';
import type { FilterRules } from '../filter/filter-rules.ts';
import type { EventBatch } from '../model/event-batch.ts';
import { type PathBytes, pathToBuffer } from '../model/path-bytes.ts';
import { select } from '../pipeline/select.ts';
import { openWatch } from '../watch/open-watch.ts';
import { selectBatch } from './select-batch.ts';

/** The one watch of a source, for all its targets. */
export interface SourceEvents {
  /**
   * What happens in the tree, filtered once for all. Nothing is taken from the addon before the first subscriber; all
   * that subscribe in the same turn of the event loop see everything. Completes on `close`.
   */
  readonly batches$: Observable<EventBatch>;
  /** Emits once everything that happened before the call has come through `batches$` to every subscriber. */
  readonly barrier: () => Observable<unknown>;
  close(): void;
}

/** Starts to watch. `see` gets every batch before the filter. Throws a SynclineError: `SOURCE`, `WATCH_LIMIT` or `WATCH`. */
export function openSourceEvents(
  addon: NativeAddon,
  source: PathBytes,
  rules: FilterRules,
  see: (batch: EventBatch) => void,
): SourceEvents {
  const root = pathToBuffer(source);
  const filter = rules.compile(root);
  const watch = openWatch(addon, { root, ...(filter ? { filter } : {}) });
  return {
    batches$: watch.batches$.pipe(tap(see), select(selectBatch(filter)), share()),
    barrier: () => from(watch.barrier()),
    close: () => {
      watch.close();
    },
  };
}
