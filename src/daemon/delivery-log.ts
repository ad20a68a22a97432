import type { Batch } from '../model/batch.ts';
import type { Delivered, Failed, PathProblem } from '../model/outcome.ts';
import { displayPath, type PathBytes } from '../model/path-bytes.ts';
import type { MirrorReport } from '../pipeline/mirror-report.ts';
import type { DeliveryEvent } from '../target/target.ts';
import type { Log } from './log.ts';
import { bytesText, type Progress } from './progress.ts';

/** So many names of a live batch are printed at `info`; the others, and those of a first sync, at `debug`. */
const SHOWN_NAMES = 10;

/** Tells the user what a target is doing, from its own events and from the reports of its mirror. */
export interface DeliveryLog {
  /** A delivery begins: what follows belongs to it. */
  begin(batch: Batch): void;
  event(event: DeliveryEvent): void;
  report(report: MirrorReport): void;
  delivered(batch: Batch, outcome: Delivered): void;
  failed(batch: Batch, outcome: Failed, retryInMs: number | undefined): void;
  problem(problem: PathProblem): void;
}

/** `nowMs` is a monotonic clock. */
export function createDeliveryLog(
  log: Log,
  progress: Progress,
  dryRun: boolean,
  nowMs: () => number = () => performance.now(),
): DeliveryLog {
  let batch: Batch | undefined;
  let startedMs = 0;
  let shown = 0;
  let held: string | undefined;

  const name = (kind: 'updated' | 'deleted' | 'moved', path: PathBytes, bytes: number): void => {
    const isLive = batch?.reason === 'live' || dryRun;
    const line = `  ${verbs[kind]} ${place(path)}${bytes > 0 ? ` (${bytesText(bytes)})` : ''}`;
    if (isLive && shown < SHOWN_NAMES) log.info(line);
    else log.debug(line);
    shown++;
  };

  return {
    begin(next) {
      batch = next;
      startedMs = nowMs();
      shown = 0;
      log.debug(`batch ${next.number} begins`, sizes(next));
    },
    event(event) {
      switch (event.kind) {
        case 'updated':
        case 'deleted':
        case 'moved':
          name(event.kind, event.path, event.bytes);
          break;
        case 'progress':
          progress.update({
            label: batch?.reason === 'startup' ? 'first sync' : 'delivering',
            startedMs,
            unit: 'entries',
            done: event.entriesDone,
            total: event.entriesTotal,
            bytes: event.bytes,
          });
          break;
        case 'command':
          log.debug('run', { command: [event.program, ...event.arguments] });
          break;
        case 'notice':
          log.info(event.message);
          break;
      }
    },
    delivered(done, outcome) {
      progress.end();
      held = undefined;
      const more =
        shown > SHOWN_NAMES && done.reason === 'live' ? `, ${shown - SHOWN_NAMES} names not shown` : '';
      const what = done.reason === 'startup' ? 'first sync' : `batch ${done.number}`;
      const { updated, deleted, bytes } = outcome.counts;
      const counts = `${updated} updated, ${deleted} deleted, ${bytesText(bytes)}`;
      log.info(
        `${what}${dryRun ? ' would be' : ''} delivered: ${counts} in ${seconds(nowMs() - startedMs)}${more}`,
      );
    },
    failed(lost, outcome, retryInMs) {
      progress.end();
      const again = retryInMs === undefined ? '' : `; next attempt in ${seconds(retryInMs)}`;
      const line = `batch ${lost.number} failed: ${outcome.message}${again}`;
      // A mirror that holds says so by its state, and looks again every few seconds.
      if (outcome.scope === 'source' && retryInMs !== undefined) log.debug(line);
      else log.error(line, remedyField(outcome.remedy));
    },
    problem({ path, message }) {
      log.warn(`${place(path)}: ${message}`);
    },
    report(report) {
      switch (report.kind) {
        case 'delivered':
          this.delivered(report.batch, report.outcome);
          break;
        case 'failed':
          this.failed(report.batch, report.outcome, report.retryInMs);
          break;
        case 'quarantined': {
          const again = `attempt ${report.attempts}, next in ${seconds(report.retryInMs)}`;
          log.warn(`${place(report.path)}: ${report.message} (quarantined: ${again})`);
          break;
        }
        case 'released':
          log.info(`${place(report.path)}: out of quarantine`);
          break;
        case 'finished':
          if (report.remaining > 0) log.warn(`${report.remaining} names were not delivered`);
          break;
        case 'state':
          if (report.state === 'held' && report.message === held) break;
          if (report.state === 'held') held = report.message;
          reportState(log, report);
          break;
      }
    },
  };
}

const verbs = { updated: 'updated', deleted: 'deleted', moved: 'moved' } as const;

function reportState(
  log: Log,
  { state, pending, quarantined, message, remedy }: MirrorReport & { kind: 'state' },
): void {
  const fields = { pending, ...(quarantined > 0 ? { quarantined } : {}), ...remedyField(remedy) };
  switch (state) {
    case 'idle':
      log.debug('in sync', fields);
      break;
    case 'collecting':
    case 'delivering':
    case 'waiting':
      log.debug(state, fields);
      break;
    case 'held':
      log.error(`held: ${message ?? 'the source is not there'}`, fields);
      break;
    case 'stopped':
      log.error(`stopped: ${message ?? 'the target cannot work'}`, fields);
      break;
  }
}

function remedyField(remedy: string | undefined): { readonly remedy?: string } {
  return remedy === undefined ? {} : { remedy };
}

function sizes(batch: Batch): Record<string, number | string> {
  const { entries, subtrees, moves } = batch;
  return { reason: batch.reason, entries: entries.length, subtrees: subtrees.length, moves: moves.length };
}

/** The root has an empty path; people read a dot. */
function place(path: PathBytes): string {
  return path === '' ? '.' : displayPath(path);
}

/** `0.05 s`, `12 s`. */
function seconds(ms: number): string {
  return `${ms < 10_000 ? (ms / 1000).toFixed(2) : Math.round(ms / 1000)} s`;
}
