import type { OperatorFunction } from 'rxjs';
import { Observable } from 'rxjs';
import type { EventBatch } from '../model/event-batch.ts';
import type { MirrorOptions, MirrorPorts } from './mirror-options.ts';
import type { MirrorReport } from './mirror-report.ts';
import { MirrorRun } from './mirror-run.ts';

export { MIRROR_DEFAULTS } from './mirror-options.ts';
export type { BookedName, MirrorBooks } from './mirror-books.ts';
export type { MirrorOptions, MirrorPorts, MirrorSettings } from './mirror-options.ts';

/**
 * Keeps one target equal to the source. Shape: event batches (already filtered) in, reports out; the source completing
 * counts as `finish$`. Errors: those of the source and bugs in the ports are passed on; all else is a report.
 * Completion: after `finish$` or a failure of the configuration; the last report is `finished`.
 * Memory: see {@link PendingTree}; nothing is forgotten before its delivery is acknowledged.
 */
export function mirror(
  options: MirrorOptions,
  ports: MirrorPorts,
): OperatorFunction<EventBatch, MirrorReport> {
  return (eventBatch$) =>
    new Observable<MirrorReport>((subscriber) => new MirrorRun(options, ports, subscriber).run(eventBatch$));
}
