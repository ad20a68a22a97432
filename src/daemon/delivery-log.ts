import type { Batch } from '../model/batch.ts';
import type { Delivered, Failed, HeldDeletions, PathProblem } from '../model/outcome.ts';
import { displayPath, type PathBytes } from '../model/path-bytes.ts';
import type { MirrorReport } from '../pipeline/mirror-report.ts';
import type { DeliveryEvent } from '../target/target.ts';
import type { Log } from './log.ts';
import { bytesText, type Progress } from './progress.ts';
import { TopmostDeleted } from './topmost-deleted.ts';

/**
 * So many names of a live batch are printed at `info`, as many again of what was deleted; at `debug` all are, and those
 * of a first sync.
 */
const SHOWN_NAMES = 10;

/** Tells the user what a target is doing, from its own events and from the reports of its mirror. */
export interface DeliveryLog {
  /** A delivery begins: what follows belongs to it. */
  readonly begin: (batch: Batch) => void;
  readonly event: (event: DeliveryEvent) => void;
  readonly report: (report: MirrorReport) => void;
  readonly delivered: (batch: Batch, outcome: Delivered) => void;
  readonly failed: (batch: Batch, outcome: Failed, retryInMs: number | undefined) => void;
  readonly problem: (problem: PathProblem) => void;
  readonly held: (held: HeldDeletions) => void;
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
  let named = 0;
  const deleted = new TopmostDeleted(SHOWN_NAMES);
  let heldBecause: string | undefined;

  const isNamed = (): boolean => batch?.reason === 'live' || dryRun;
  const nameLine = (kind: string, path: PathBytes, bytes: number): string =>
    `  ${kind} ${place(path)}${bytes > 0 ? ` (${bytesText(bytes)})` : ''}`;
  const name = (kind: 'updated' | 'deleted' | 'moved', path: PathBytes, bytes: number): void => {
    if (!isNamed() || log.enabled('debug', 'name')) log.debug(nameLine(kind, path, bytes), {}, 'name');
    else if (kind === 'deleted') deleted.add(path);
    else if (++named <= SHOWN_NAMES) log.info(nameLine(kind, path, bytes));
  };
  /** Names what was deleted; returns how many names were not shown. */
  const endNames = (): number => {
    const { paths, hidden } = deleted.take();
    for (const path of paths) log.info(nameLine('deleted', path, 0));
    return hidden + Math.max(0, named - SHOWN_NAMES);
  };
  const event = (next: DeliveryEvent): void => {
    switch (next.kind) {
      case 'updated':
      case 'deleted':
      case 'moved':
        name(next.kind, next.path, next.bytes);
        break;
      case 'directoryTime':
        break;
      case 'progress':
        progress.update({
          label: batch?.reason === 'startup' ? 'first sync' : 'delivering',
          startedMs,
          unit: 'entries',
          done: next.entriesDone,
          total: next.entriesTotal,
          bytes: next.bytes,
        });
        break;
      case 'command':
        if (log.enabled('debug', 'command'))
          log.debug(
            'run',
            { command: [next.program, ...next.arguments], ...inputField(next.input) },
            'command',
          );
        break;
      case 'output':
        log.info(`${next.program}: ${next.line}`);
        break;
      case 'notice':
        if (next.level === 'debug') log.debug(next.message, {}, next.topic);
        else
          log[next.level ?? 'info'](next.message, next.remedy === undefined ? {} : { remedy: next.remedy });
        break;
    }
  };
  const delivered = (done: Batch, { counts, held }: Delivered): void => {
    progress.end();
    const hidden = endNames();
    const what = done.reason === 'startup' ? 'first sync' : `batch ${done.number}`;
    const moved = counts.moved !== undefined && counts.moved > 0 ? `${counts.moved} moved, ` : '';
    const sums = `${moved}${counts.updated} updated, ${counts.deleted} deleted, ${bytesText(counts.bytes)}`;
    const delivery = dryRun ? 'would be delivered' : 'delivered';
    const verb = held === undefined ? delivery : `${delivery} but for its deletions`;
    const more = hidden > 0 ? `, ${hidden} names not shown` : '';
    const line = `${what} ${verb}: ${sums} in ${seconds(nowMs() - startedMs)}${more}`;
    // The held deletions alone were tried again.
    const isNews = counts.updated + counts.deleted + (counts.moved ?? 0) > 0;
    if (held !== undefined && held.message === heldBecause && !isNews) log.debug(line, {}, 'batch');
    else log.info(line);
  };
  const failed = (lost: Batch, { message, remedy, scope }: Failed, retryInMs: number | undefined): void => {
    progress.end();
    endNames();
    const again = retryInMs === undefined ? '' : `; next attempt in ${seconds(retryInMs)}`;
    const failure = `batch ${lost.number} failed: ${message}${again}`;
    // The state `held` tells the same once; it is looked for every few seconds.
    if (scope === 'source' && retryInMs !== undefined) log.debug(failure, {}, 'batch');
    else log.error(failure, remedyField(remedy));
  };

  return {
    begin: (next) => {
      batch = next;
      startedMs = nowMs();
      named = 0;
      log.debug(`batch ${next.number} begins`, sizes(next), 'batch');
    },
    event,
    delivered,
    failed,
    problem: ({ path, message }) => {
      log.warn(`${place(path)}: ${message}`);
    },
    held: ({ message, remedy }) => {
      log.error(`held: ${message}`, { remedy });
    },
    report: (report) => {
      switch (report.kind) {
        case 'delivered':
          delivered(report.batch, report.outcome);
          break;
        case 'failed':
          failed(report.batch, report.outcome, report.retryInMs);
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
          if (report.state === 'held') {
            if (report.message === heldBecause) break;
            heldBecause = report.message;
          } else if (report.state === 'idle' || report.state === 'waiting') heldBecause = undefined;
          reportState(log, report);
          break;
      }
    },
  };
}

function reportState(
  log: Log,
  { state, pending, quarantined, message, remedy }: MirrorReport & { kind: 'state' },
): void {
  const fields = { pending, ...(quarantined > 0 ? { quarantined } : {}), ...remedyField(remedy) };
  switch (state) {
    case 'idle':
      log.debug('in sync', fields, 'batch');
      break;
    case 'collecting':
    case 'delivering':
    case 'waiting':
      log.debug(state, fields, 'batch');
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

const SHOWN_INPUT = 20;

/** The first names of a list that goes to the standard input of a command. */
function inputField(input: Buffer | undefined): { readonly input?: readonly string[] } {
  if (input === undefined) return {};
  const names = (input.toString('latin1') as PathBytes).split('\0').filter((name) => name !== '');
  const more = names.length > SHOWN_INPUT ? [`and ${names.length - SHOWN_INPUT} more`] : [];
  return { input: [...names.slice(0, SHOWN_INPUT).map((name) => displayPath(name as PathBytes)), ...more] };
}

function sizes(batch: Batch): Record<string, number | string> {
  const { reason, entries, moves } = batch;
  const subtrees = batch.subtrees.length + batch.contentSubtrees.length;
  return { reason, entries: entries.length, subtrees, moves: moves.length };
}

/** The root has an empty path; people read a dot. */
function place(path: PathBytes): string {
  return path === '' ? '.' : displayPath(path);
}

/** `0.05 s`, `12 s`. */
function seconds(ms: number): string {
  return `${ms < 10_000 ? (ms / 1000).toFixed(2) : Math.round(ms / 1000)} s`;
}
