import type { NativeFilter } from '../addon/addon.ts';
import { EventBatch } from '../model/event-batch.ts';

/** What the pipeline's `select` asks for: batches without what `filter` excludes; all of them as they are without one. */
export function selectBatch(filter: NativeFilter | undefined): (batch: EventBatch) => EventBatch {
  if (filter === undefined) return (batch) => batch;
  return (batch) => {
    const selected = filter.select(batch.buffer);
    return selected === batch.buffer ? batch : new EventBatch(selected);
  };
}
