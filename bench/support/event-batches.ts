import type { EventBatch, WatchEvent } from '../../src/model/event-batch.ts';
import { HINT, encodeEventBatch } from '../../src/model/event-batch.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';

/** Names as bench/native/storm.c makes them: `files` in `directories`, as event batches of 10,000. */
export function eventBatches(directories: number, files: number): EventBatch[] {
  const batches: EventBatch[] = [];
  for (let first = 0; first < files; first += 10_000) {
    const events: WatchEvent[] = [];
    for (let i = first; i < Math.min(files, first + 10_000); i++) {
      const directory = `d${String(Math.floor((i * directories) / files)).padStart(3, '0')}`;
      const name = `f${String(i).padStart(7, '0')}`;
      const hints = HINT.created | HINT.closed;
      events.push({ kind: 'changed', directory: pathFromText(directory), name: pathFromText(name), hints });
    }
    batches.push(encodeEventBatch(events, batches.length + 1));
  }
  return batches;
}
