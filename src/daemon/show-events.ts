import pc from 'picocolors';
import { firstValueFrom, map, merge, type Observable, switchMap, tap } from 'rxjs';
import type { EventBatch, WatchEvent } from '../model/event-batch.ts';
import { eventJson, eventLine } from './event-text.ts';
import { wantsColours } from './log.ts';
import { type ProgramIo, signalExitStatus } from './program-io.ts';

/** What is needed of a watch: its batches, in order, until it is closed. */
export interface EventSource {
  /** Never completes by itself; errors when the watch cannot go on. */
  readonly batches$: Observable<EventBatch>;
  close(): void | Promise<void>;
}

/**
 * Prints the events of `source` until a signal comes; resolves with 128 + its number after the source is closed.
 * The time of a line is when it reached us.
 */
export async function showEvents(source: EventSource, json: boolean, io: ProgramIo): Promise<number> {
  const paint = pc.createColors(!json && wantsColours(io.stdout, io.environment));
  const line = (event: WatchEvent, time: Date): string | undefined => {
    if (json) return eventJson(event, time);
    const text = eventLine(event, paint);
    return text === undefined ? undefined : `${paint.dim(time.toISOString().slice(11, 23))} ${text}`;
  };
  const print = (batch: EventBatch): void => {
    const time = new Date();
    let text = '';
    for (const event of batch.events()) {
      const shown = line(event, time);
      if (shown !== undefined) text += `${shown}\n`;
    }
    if (text !== '') io.stdout.write(text);
  };
  const failed$ = source.batches$.pipe(
    tap(print),
    switchMap(() => []),
  );
  try {
    return await firstValueFrom(merge(failed$, io.signals$.pipe(map(signalExitStatus))));
  } finally {
    await source.close();
  }
}
