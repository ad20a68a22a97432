import type { OperatorFunction } from 'rxjs';
import { filter, map, pipe } from 'rxjs';
import type { EventBatch } from '../model/event-batch.ts';

/**
 * Drops what the filter rules exclude. Shape: event batch in, event batch out, order kept, empty ones left out.
 * `choose` gives a batch without the excluded names (the addon's matcher). Errors: passed on.
 */
export function select(choose: (batch: EventBatch) => EventBatch): OperatorFunction<EventBatch, EventBatch> {
  return pipe(
    map(choose),
    filter((batch) => batch.slotCount > 0),
  );
}
