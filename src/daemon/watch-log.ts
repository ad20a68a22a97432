import { type EventBatch, SLOT, type WatchEvent } from '../model/event-batch.ts';
import { describeCoverage } from '../watch/describe-coverage.ts';
import type { Log } from './log.ts';
import type { Progress } from './progress.ts';

/** Shows how far a scan is, and tells of everything that keeps the watch from seeing the whole tree: give it every batch. */
export function createWatchLog(
  log: Log,
  progress: Progress,
  nowMs: () => number = () => performance.now(),
): (batch: EventBatch) => void {
  let scanStartedMs: number | undefined;
  const coverage = (event: WatchEvent & { kind: 'coverage' }): void => {
    if (event.state === 'scanning') {
      if (scanStartedMs === undefined && event.reason === 'overflow') log.warn(describeCoverage(event).text);
      scanStartedMs ??= nowMs();
      const done = event.watched;
      progress.update({ label: 'scanning', startedMs: scanStartedMs, unit: 'directories', done });
      return;
    }
    if (scanStartedMs !== undefined) progress.end();
    scanStartedMs = undefined;
    const { text, remedy } = describeCoverage(event);
    const fields = remedy === undefined ? {} : { remedy };
    if (event.state === 'blind') log.warn(text, fields);
    else log.info(text, fields);
  };
  return (batch) => {
    for (const event of rareEvents(batch)) {
      if (event.kind === 'coverage') coverage(event);
      else if (event.kind === 'root') logRoot(log, event);
      else if (event.kind === 'rescan') log.debug(`rescan: ${event.reason}`, {}, 'watch');
    }
  };
}

/** Tells of the root alone, for a source that shares the watch of another, which tells the rest: give it every batch. */
export function createRootLog(log: Log): (batch: EventBatch) => void {
  return (batch) => {
    for (const event of rareEvents(batch)) if (event.kind === 'root') logRoot(log, event);
  };
}

function logRoot(log: Log, { state }: WatchEvent & { kind: 'root' }): void {
  log.warn(`source root ${state}`);
}

/** The records of a batch that are not about single names; most batches have none, so nothing is made for the others. */
function rareEvents(batch: EventBatch): readonly WatchEvent[] {
  for (let slot = 0; slot < batch.slotCount; slot++) {
    const kind = batch.kind(slot);
    if (kind === SLOT.coverage || kind === SLOT.root || kind === SLOT.rescan) {
      return [...batch.events()].filter(({ kind }) => kind !== 'changed' && kind !== 'moved');
    }
  }
  return [];
}
