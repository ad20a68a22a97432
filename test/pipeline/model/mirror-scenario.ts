import { Observable, Subject, VirtualAction, VirtualTimeScheduler, of } from 'rxjs';
import { expect } from 'vitest';
import type { Batch } from '../../../src/model/batch.ts';
import type { EventBatch, RootStateName, WatchEvent } from '../../../src/model/event-batch.ts';
import { HINT, encodeEventBatch } from '../../../src/model/event-batch.ts';
import type { Delivered, Failed, Outcome } from '../../../src/model/outcome.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { baseName, parentPath } from '../../../src/model/path-bytes.ts';
import type { MirrorReport } from '../../../src/pipeline/mirror-report.ts';
import type { MirrorOptions, MirrorSettings } from '../../../src/pipeline/mirror.ts';

import { MIRROR_DEFAULTS, mirror } from '../../../src/pipeline/mirror.ts';

export const write = (path: string): WatchEvent => ({
  kind: 'changed',
  directory: parentPath(path as PathBytes),
  name: baseName(path as PathBytes),
  hints: HINT.modified | HINT.closed,
});
export const openWrite = (path: string): WatchEvent =>
  ({ ...write(path), hints: HINT.modified }) as WatchEvent;
export const remove = (path: string, kind: 'file' | 'directory' = 'file'): WatchEvent => ({
  kind: 'changed',
  directory: parentPath(path as PathBytes),
  name: baseName(path as PathBytes),
  hints: HINT.deleted | (kind === 'directory' ? HINT.isDirectory : 0),
});
export const moveDirectory = (from: string, to: string): WatchEvent => ({
  kind: 'moved',
  fromDirectory: parentPath(from as PathBytes),
  fromName: baseName(from as PathBytes),
  toDirectory: parentPath(to as PathBytes),
  toName: baseName(to as PathBytes),
  isDirectory: true,
});
export const root = (state: RootStateName): WatchEvent => ({ kind: 'root', state, errno: 0 });

export const ok: Delivered = {
  kind: 'delivered',
  counts: { updated: 0, deleted: 0, bytes: 0 },
  problems: [],
  recheck: [],
};
export const failed = (scope: Failed['scope']): Outcome => ({
  kind: 'failed',
  scope,
  message: `${scope} broken`,
});
export const problem = (...paths: string[]): Outcome => ({
  ...ok,
  kind: 'delivered',
  problems: paths.map((path) => ({ path: path as PathBytes, message: 'denied' })),
});
export const recheck = (...paths: string[]): Outcome => ({
  ...ok,
  kind: 'delivered',
  recheck: paths as PathBytes[],
});

export const held = (...paths: string[]): Outcome => ({
  ...ok,
  kind: 'delivered',
  held: { count: 9, message: 'too many', remedy: 'allow', isBrief: false, paths: paths as PathBytes[] },
});
export const brieflyHeld = (...paths: string[]): Outcome => ({
  ...ok,
  kind: 'delivered',
  held: { count: 9, message: 'empty', remedy: 'allow', isBrief: true, paths: paths as PathBytes[] },
});

export interface Scenario {
  readonly options?: Partial<MirrorOptions>;
  /** What comes at which time, in ms. */
  readonly events?: Readonly<Record<number, readonly WatchEvent[]>>;
  /** Outcomes in order; `ok` from then on. */
  readonly outcomes?: readonly Outcome[];
  readonly deliveryMs?: number;
  readonly barrierMs?: number;
  readonly finishMs?: number;
  /** Settings that change at which time. */
  readonly settings?: Readonly<Record<number, Partial<MirrorSettings>>>;
  /** When a compare of everything is asked for. */
  readonly compareMs?: readonly number[];
  readonly untilMs?: number;
}

/** One line a report, with its time: `100 deliver live f g/**`. */
export function check(scenario: Scenario, expected: readonly string[]): void {
  const scheduler = new VirtualTimeScheduler(VirtualAction, scenario.untilMs ?? 5_000);
  const outcomes = [...(scenario.outcomes ?? [])];
  const lines: string[] = [];
  const log = (line: string): unknown => lines.push(`${scheduler.now()} ${line}`);
  const watch$ = new Subject<EventBatch>();
  const finish$ = new Subject<void>();
  const settings$ = new Subject<MirrorSettings>();
  const compare$ = new Subject<void>();
  const after = (ms: number, then: () => void): void => {
    if (ms === 0) then();
    else scheduler.schedule(then, ms);
  };
  const deliver = (batch: Batch): Observable<Outcome> => {
    const names = [
      ...batch.moves.map(({ from, to }) => `${from}->${to}`),
      ...batch.entries.map(({ path }) => path),
      ...batch.subtrees.map((path) => `${path}/**`),
      ...batch.contentSubtrees.map((path) => `${path}/***`),
      ...(batch.deletedNames ?? []).map(({ path }) => `-${path}`),
    ];
    log(`deliver ${batch.large === 'only' ? 'large' : batch.reason} ${names.join(' ')}`);
    return new Observable((subscriber) => {
      after(scenario.deliveryMs ?? 0, () => {
        subscriber.next(outcomes.shift() ?? ok);
        subscriber.complete();
      });
    });
  };
  const barrier = (): Observable<unknown> =>
    scenario.barrierMs === undefined
      ? of(undefined)
      : new Observable((subscriber) => {
          scheduler.schedule(() => {
            subscriber.next(undefined);
          }, scenario.barrierMs ?? 0);
        });
  const options = {
    ...MIRROR_DEFAULTS,
    initial: false,
    quietMs: 100,
    maxMs: 300,
    scheduler,
    ...scenario.options,
  };
  watch$.pipe(mirror(options, { deliver, barrier, finish$, settings$, compare$ })).subscribe({
    next: (report) => log(lineOf(report)),
    complete: () => log('complete'),
  });
  for (const [atMs, events] of Object.entries(scenario.events ?? {}))
    scheduler.schedule(() => {
      watch$.next(encodeEventBatch(events));
    }, Number(atMs));
  for (const [atMs, settings] of Object.entries(scenario.settings ?? {}))
    scheduler.schedule(() => {
      settings$.next({ ...options, ...settings });
    }, Number(atMs));
  for (const atMs of scenario.compareMs ?? [])
    scheduler.schedule(() => {
      compare$.next();
    }, atMs);
  if (scenario.finishMs !== undefined)
    scheduler.schedule(() => {
      finish$.next();
    }, scenario.finishMs);
  scheduler.flush();
  expect(lines.filter((line) => !/ delivered$| deliver(ing)?$/.test(line))).toEqual(expected);
}

export function lineOf(report: MirrorReport): string {
  switch (report.kind) {
    case 'state':
      return [report.state, ...(report.retryAtMs === undefined ? [] : [`until ${report.retryAtMs}`])]
        .join(' ')
        .replace('delivering', 'deliver');
    case 'delivered':
      return 'delivered';
    case 'failed':
      return `failed ${report.outcome.scope} ${report.retryInMs ?? 'for good'}`;
    case 'quarantined':
      return `quarantined ${report.path} ${report.attempts} ${report.retryInMs}`;
    case 'released':
      return `released ${report.path}`;
    case 'finished':
      return `finished ${report.remaining}`;
  }
}
